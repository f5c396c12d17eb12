import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createScratch } from "../../../test/scratch.ts";
import { loadAwsKeys } from "./credential-chain.ts";

/*
 * The real chain, against files of this test and an endpoint on this machine. The library reads the process's
 * environment itself, so the test puts its own in place and back.
 */

const REGION = "eu-central-1";
const directory = createScratch().folder();
const saved = new Map<string, string | undefined>();

interface Asked {
  readonly path: string;
  readonly authorization: string | null;
  readonly form: URLSearchParams;
}
let asked: Asked[] = [];
let answer: () => Response = () => new Response(null, { status: 500 });

const endpoint = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  async fetch(request) {
    const { pathname: path } = new URL(request.url);
    const form = new URLSearchParams(await request.text());
    asked.push({ path, authorization: request.headers.get("authorization"), form });
    return answer();
  },
});

function setEnvironment(values: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(values)) {
    if (!saved.has(name)) saved.set(name, process.env[name]);
    process.env[name] = value;
  }
}

beforeAll(async () => {
  await writeFile(
    join(directory, "credentials"),
    [
      "[work]",
      "aws_access_key_id = AKIDWORK",
      "aws_secret_access_key = work-secret",
      "aws_session_token = work-session",
      "",
    ].join("\n"),
  );
  await writeFile(join(directory, "config"), "");
});

afterAll(async () => {
  await endpoint.stop(true);
});

beforeEach(() => {
  asked = [];
  for (const name of Object.keys(process.env)) {
    if (!name.startsWith("AWS_")) continue;
    saved.set(name, process.env[name]);
    delete process.env[name];
  }
  setEnvironment({
    AWS_SHARED_CREDENTIALS_FILE: join(directory, "credentials"),
    AWS_CONFIG_FILE: join(directory, "config"),
    // What is not there must not be looked for on the network.
    AWS_EC2_METADATA_DISABLED: "true",
  });
});

afterEach(() => {
  for (const [name, value] of saved) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
  saved.clear();
});

describe("keys of", () => {
  test("the environment", async () => {
    setEnvironment({ AWS_ACCESS_KEY_ID: "AKIDENV", AWS_SECRET_ACCESS_KEY: "env-secret" });
    const { value, expiresAt } = await loadAwsKeys({}, REGION);
    expect([value.accessKeyId, value.secretAccessKey.reveal(), value.sessionToken, expiresAt]).toEqual([
      "AKIDENV",
      "env-secret",
      null,
      null,
    ]);
  });

  test("a profile, which the policy may name", async () => {
    const { value } = await loadAwsKeys({ profile: "work" }, REGION);
    expect([value.accessKeyId, value.secretAccessKey.reveal(), value.sessionToken?.reveal()]).toEqual([
      "AKIDWORK",
      "work-secret",
      "work-session",
    ]);
  });

  test("a profile whose file has changed since", async () => {
    const file = join(directory, "rotated");
    setEnvironment({ AWS_SHARED_CREDENTIALS_FILE: file });
    const write = (id: string) =>
      writeFile(file, `[default]\naws_access_key_id = ${id}\naws_secret_access_key = s\n`);
    await write("AKIDOLD");
    expect((await loadAwsKeys({}, REGION)).value.accessKeyId).toBe("AKIDOLD");
    await write("AKIDNEW");
    expect((await loadAwsKeys({}, REGION)).value.accessKeyId).toBe("AKIDNEW");
  });

  test("a container, with their end", async () => {
    setEnvironment({
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `http://127.0.0.1:${endpoint.port}/container`,
    });
    answer = () =>
      Response.json({
        AccessKeyId: "AKIDTASK",
        SecretAccessKey: "task-secret",
        Token: "task-session",
        Expiration: "2030-01-01T00:00:00Z",
      });
    const { value, expiresAt } = await loadAwsKeys({}, REGION);
    expect(value.accessKeyId).toBe("AKIDTASK");
    expect(value.sessionToken?.reveal()).toBe("task-session");
    expect(expiresAt).toBe(Date.UTC(2030, 0, 1));
    expect(asked.map(({ path }) => path)).toEqual(["/container"]);
  });

  test("a role, assumed with what the chain finds", async () => {
    setEnvironment({ AWS_ENDPOINT_URL_STS: `http://127.0.0.1:${endpoint.port}/sts` });
    answer = () =>
      new Response(
        `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>` +
          `<AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>role-secret</SecretAccessKey>` +
          `<SessionToken>role-session</SessionToken><Expiration>2030-01-01T00:00:00Z</Expiration>` +
          `</Credentials></AssumeRoleResult></AssumeRoleResponse>`,
        { headers: { "content-type": "text/xml" } },
      );
    const roleArn = "arn:aws:iam::123456789012:role/caller";
    const lease = await loadAwsKeys({ profile: "work", roleArn, externalId: "x-1" }, REGION);
    expect(lease.value.accessKeyId).toBe("ASIAROLE");
    expect(lease.value.sessionToken?.reveal()).toBe("role-session");
    expect(lease.expiresAt).toBe(Date.UTC(2030, 0, 1));
    const [request] = asked;
    expect(Object.fromEntries(request?.form ?? [])).toMatchObject({
      Action: "AssumeRole",
      RoleArn: roleArn,
      ExternalId: "x-1",
      RoleSessionName: "pointsman",
    });
    expect(request?.authorization).toContain(`AKIDWORK/`);
    expect(request?.authorization).toContain(`/${REGION}/sts/`);
  });
});

test("nothing anywhere is an error, without a word to the console", async () => {
  await expect(loadAwsKeys({}, REGION)).rejects.toThrow("Could not load credentials");
  await expect(loadAwsKeys({ profile: "nobody" }, REGION)).rejects.toBeInstanceOf(Error);
});
