import { afterAll, beforeAll, expect, test } from "bun:test";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createScratch } from "../../../test/scratch.ts";
import { createTokenIssuer } from "./issue-token.ts";

/*
 * The real library against a token endpoint on this machine. The endpoint of a service account's key is fixed
 * in the library; that of a federated identity is not, so its credentials file is what is tested with.
 */

const SCOPE = "https://www.googleapis.com/auth/cloud-platform";
const directory = createScratch().folder();
let asked: URLSearchParams[] = [];
let answer: { status: number; body: object | string } = { status: 200, body: {} };

const endpoint = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  async fetch(request) {
    asked.push(new URLSearchParams(await request.text()));
    const { status, body } = answer;
    return typeof body === "string" ? new Response(body, { status }) : Response.json(body, { status });
  },
});

beforeAll(async () => {
  await writeFile(join(directory, "subject"), "the-subject-token");
});

afterAll(async () => {
  await endpoint.stop(true);
});

async function credentialsFile(name: string, content: string): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, content);
  return path;
}

function federated(): string {
  return JSON.stringify({
    type: "external_account",
    audience: "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q",
    subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
    token_url: `http://127.0.0.1:${endpoint.port}/v1/token`,
    credential_source: { file: join(directory, "subject") },
  });
}

const issue = createTokenIssuer({});

test("a credentials file becomes a token of the scope, with its end", async () => {
  asked = [];
  answer = { status: 200, body: { access_token: "ya29.x", expires_in: 3600, token_type: "Bearer" } };
  const keyFile = await credentialsFile("good.json", federated());
  const before = Date.now();
  const lease = await issue({ type: "google", keyFile }, SCOPE);
  expect(lease.value.reveal()).toBe("ya29.x");
  expect(lease.expiresAt).toBeGreaterThanOrEqual(before + 3_590_000);
  expect(lease.expiresAt).toBeLessThanOrEqual(Date.now() + 3_600_000);
  expect(asked).toHaveLength(1);
  expect(asked[0]?.get("scope")).toBe(SCOPE);
  expect(asked[0]?.get("subject_token")).toBe("the-subject-token");
});

test("each question is a new one: the library's own cache does not answer", async () => {
  asked = [];
  answer = { status: 200, body: { access_token: "a", expires_in: 3600, token_type: "Bearer" } };
  const keyFile = await credentialsFile("again.json", federated());
  await issue({ type: "google", keyFile }, SCOPE);
  await issue({ type: "google", keyFile }, SCOPE);
  expect(asked).toHaveLength(2);
});

test("a refusal is thrown", async () => {
  answer = { status: 400, body: { error: "invalid_grant", error_description: "No." } };
  const keyFile = await credentialsFile("refused.json", federated());
  await expect(issue({ type: "google", keyFile }, SCOPE)).rejects.toThrow("invalid_grant");
});

test.each([
  ["is not there", null],
  ["is not JSON", "not json"],
  ["is of no known type", "{}"],
])("a credentials file that %s is an error", async (what, content) => {
  const name = `${what.replaceAll(" ", "-")}.json`;
  const keyFile = content === null ? join(directory, name) : await credentialsFile(name, content);
  await expect(issue({ type: "google", keyFile }, SCOPE)).rejects.toBeInstanceOf(Error);
});

test.each(["<html>Log in, ya29.secret</html>", {}, { expires_in: 3600 }, ""])(
  "an answer without a token, %p, is told as that and not repeated",
  async (body) => {
    answer = { status: 200, body };
    const keyFile = await credentialsFile("garbage.json", federated());
    const thrown = await issue({ type: "google", keyFile }, SCOPE).catch((error: unknown) => error);
    expect(thrown).toEqual(new Error("Google gave no access token."));
  },
);
