import { describe, expect, test } from "bun:test";
import type { Credential, Deployment } from "../core/deployment.ts";
import { FakeClock } from "../core/fake-clock.ts";
import { Secret } from "../core/secret.ts";
import { BASE_POLICY, snapshotOf } from "../policy/fake-policy.ts";
import { createAuthorizer, type UnsignedCall } from "./authorize.ts";
import { createAwsKeyring, type LoadAwsKeys } from "./aws/keys.ts";
import { createSecretFiles } from "./secret-files.ts";
import { createTokenWallet, type IssueToken } from "./tokens/token-wallet.ts";
import { CredentialsUnavailable, CredentialUnfit } from "./tokens/unavailable.ts";

const BASE = snapshotOf(BASE_POLICY).deployments.get("large-us");
const AWS: Credential = { type: "aws", service: "bedrock", region: "eu-west-1", identity: {} };
const TOKEN: Credential = { type: "token", issuer: { type: "google" }, scope: "s" };

function deploymentWith(credential: Credential): Deployment {
  if (BASE === undefined) throw new Error("no deployment");
  return { ...BASE, credential };
}

function newCall(): UnsignedCall {
  return {
    url: "https://bedrock-runtime.eu-west-1.amazonaws.com/model/m/converse",
    headers: { "content-type": "application/json" },
    body: "{}",
  };
}

const goodKeys: LoadAwsKeys = async () => ({
  value: { accessKeyId: "AKID", secretAccessKey: new Secret("s"), sessionToken: new Secret("session") },
  expiresAt: null,
});
const goodToken: IssueToken = async () => ({ value: new Secret("ya29"), expiresAt: null });

function authorizer(load = goodKeys, issue = goodToken) {
  const clock = new FakeClock(Date.UTC(2026, 0, 2, 3, 4, 5));
  return createAuthorizer({
    clock,
    awsKeys: createAwsKeyring(clock, load),
    tokens: createTokenWallet(clock, issue),
    files: createSecretFiles(clock, async () => new Secret("of the file")),
  });
}

describe("static secrets go into their header at once", () => {
  const cases: readonly [string, Credential, Readonly<Record<string, string>>][] = [
    ["none", { type: "none" }, {}],
    ["missing", { type: "missing", where: "environment variable X" }, {}],
    ["bearer", { type: "bearer", secret: new Secret("k") }, { authorization: "Bearer k" }],
    ["header", { type: "header", header: "x-api-key", secret: new Secret("k") }, { "x-api-key": "k" }],
  ];
  for (const subject of [authorizer()]) {
    test.each(cases)("%s", (_type, credential, added) => {
      const call = newCall();
      expect(subject(deploymentWith(credential), call)).toBeUndefined();
      expect(call.headers).toEqual({ "content-type": "application/json", ...added });
    });
  }
});

test.each([
  ["a line break", "sk-first\r\nx-evil: 1"],
  ["a NUL", "sk\0"],
  ["more than bytes", "sk-“quoted”"],
])("a secret with %s goes into no header", (_what, text) => {
  const secret = new Secret(text);
  for (const credential of [
    { type: "bearer", secret },
    { type: "header", header: "x-api-key", secret },
  ] as const) {
    const call = newCall();
    expect(() => authorizer()(deploymentWith(credential), call)).toThrow(CredentialUnfit);
    expect(call.headers).toEqual({ "content-type": "application/json" });
  }
});

test("an AWS credential signs with the time of the clock", async () => {
  const call = newCall();
  await authorizer()(deploymentWith(AWS), call);
  expect(call.headers).toMatchObject({
    "x-amz-date": "20260102T030405Z",
    "x-amz-security-token": "session",
  });
  expect(call.headers.authorization).toStartWith(
    "AWS4-HMAC-SHA256 Credential=AKID/20260102/eu-west-1/bedrock/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, Signature=",
  );
});

test("a token is waited for once, and then at hand", async () => {
  const subject = authorizer();
  const first = newCall();
  await subject(deploymentWith(TOKEN), first);
  expect(first.headers.authorization).toBe("Bearer ya29");
  const second = newCall();
  expect(subject(deploymentWith(TOKEN), second)).toBeUndefined();
  expect(second.headers.authorization).toBe("Bearer ya29");
});

test("a secret of a file is what the file holds now", async () => {
  const secret = new Secret("of the policy");
  const call = newCall();
  await authorizer()(deploymentWith({ type: "header", header: "x-key", secret, file: "/k" }), call);
  expect(call.headers["x-key"]).toBe("of the file");
});

test("what was refused is had anew for the next call", async () => {
  let asked = 0;
  const issue: IssueToken = async () => ({ value: new Secret(`token-${++asked}`), expiresAt: null });
  const load: LoadAwsKeys = async () => ({
    value: { accessKeyId: `AKID${++asked}`, secretAccessKey: new Secret("s"), sessionToken: null },
    expiresAt: null,
  });
  for (const credential of [AWS, TOKEN]) {
    asked = 0;
    const subject = authorizer(load, issue);
    const sent: string[] = [];
    const send = async (): Promise<UnsignedCall> => {
      const call = newCall();
      await subject(deploymentWith(credential), call);
      sent.push(/AKID\d|token-\d/.exec(call.headers.authorization ?? "")?.[0] ?? "");
      return call;
    };
    const first = await send();
    const second = await send();
    first.doubt?.();
    await send();
    // It was sent before the first one was refused.
    second.doubt?.();
    await send();
    expect(sent.map((text) => text.slice(-1))).toEqual(["1", "1", "2", "2"]);
  }
});

test.each([
  ["keys", AWS],
  ["a token", TOKEN],
])("without %s the call is rejected with a reason", async (_what, credential) => {
  const refuse = () => Promise.reject(new Error("no"));
  const call = newCall();
  const rejected = Promise.resolve(authorizer(refuse, refuse)(deploymentWith(credential), call));
  await expect(rejected).rejects.toBeInstanceOf(CredentialsUnavailable);
  expect(call.headers.authorization).toBeUndefined();
});

test.each([
  ["keys", AWS],
  ["a token", TOKEN],
])("a call that is given up does not wait for %s", async (_what, credential) => {
  const never = () => new Promise<never>(() => {});
  const controller = new AbortController();
  const rejected = Promise.resolve(
    authorizer(never, never)(deploymentWith(credential), newCall(), controller),
  );
  const reason = new Error("the caller left");
  controller.abort(reason);
  await expect(rejected).rejects.toBe(reason);
  const late = Promise.resolve(authorizer(never, never)(deploymentWith(credential), newCall(), controller));
  await expect(late).rejects.toBe(reason);
});
