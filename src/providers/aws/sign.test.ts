import { describe, expect, test } from "bun:test";
import { createHash, createHmac } from "node:crypto";
import { BedrockRuntimeClient, ConverseCommand } from "@aws-sdk/client-bedrock-runtime";
import fc from "fast-check";
import { Secret } from "../../core/secret.ts";
import { CredentialUnfit } from "../tokens/unavailable.ts";
import type { UnsignedCall } from "../unsigned-call.ts";
import type { AwsKeys } from "./keys.ts";
import { type SigningScope, signCall } from "./sign.ts";

/*
 * The published algorithm, written down once more with node:crypto alone:
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */

interface Signable {
  readonly method: string;
  readonly url: string;
  /** Only those that are signed, names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const sha256 = (text: string): string => createHash("sha256").update(text, "utf8").digest("hex");
const hmac = (key: string | Buffer, text: string): Buffer =>
  createHmac("sha256", key).update(text, "utf8").digest();

function encode(text: string): string {
  let encoded = "";
  for (const byte of Buffer.from(text, "utf8")) {
    const character = String.fromCharCode(byte);
    encoded += /[A-Za-z0-9._~-]/.test(character)
      ? character
      : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return encoded;
}

function canonicalQuery(search: string): string {
  if (search === "") return "";
  const pairs = search.slice(1).split("&");
  const encoded = pairs.map((pair): readonly [string, string] => {
    const [name = "", value = ""] = pair.split("=").map((part) => encode(decodeURIComponent(part)));
    return [name, value];
  });
  const order = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
  return encoded
    .toSorted((a, b) => order(a[0], b[0]) || order(a[1], b[1]))
    .map(([name, value]) => `${name}=${value}`)
    .join("&");
}

function expectedSignature(request: Signable, { service, region }: SigningScope, secret: string): string {
  const url = new URL(request.url);
  const names = Object.keys(request.headers).sort();
  const canonical = [
    request.method,
    url.pathname.split("/").map(encode).join("/"),
    canonicalQuery(url.search),
    ...names.map((name) => `${name}:${(request.headers[name] ?? "").trim().replace(/ +/g, " ")}`),
    "",
    names.join(";"),
    sha256(request.body),
  ].join("\n");
  const time = request.headers["x-amz-date"] ?? "";
  const scope = [time.slice(0, 8), region, service, "aws4_request"];
  const text = ["AWS4-HMAC-SHA256", time, scope.join("/"), sha256(canonical)].join("\n");
  const key = scope.reduce<string | Buffer>((derived, part) => hmac(derived, part), `AWS4${secret}`);
  return hmac(key, text).toString("hex");
}

const SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const KEYS: AwsKeys = {
  accessKeyId: "AKIDEXAMPLE",
  secretAccessKey: new Secret(SECRET),
  sessionToken: null,
};
const TEMPORARY: AwsKeys = { ...KEYS, sessionToken: new Secret("session/token+with==signs") };
const NOW = Date.UTC(2015, 7, 30, 12, 36, 0);
const BEDROCK: SigningScope = { service: "bedrock", region: "eu-central-1" };

function call(url: string, body = "", headers: Record<string, string> = {}): UnsignedCall {
  return { url, body, headers };
}

/** What the signed call's `authorization` says. */
function readAuthorization({ headers }: UnsignedCall): {
  readonly credential: string;
  readonly names: readonly string[];
  readonly signature: string;
} {
  const [, credential = "", names = "", signature = ""] =
    /^AWS4-HMAC-SHA256 Credential=(\S+), SignedHeaders=(\S+), Signature=([0-9a-f]{64})$/.exec(
      headers.authorization ?? "",
    ) ?? [];
  return { credential, names: names.split(";"), signature };
}

/** The signature that a server would compute from what it received. */
function verify(signed: UnsignedCall, scope: SigningScope): string {
  const received: Record<string, string> = { host: new URL(signed.url).host };
  for (const [name, value] of Object.entries(signed.headers)) received[name.toLowerCase()] = value;
  const headers = Object.fromEntries(
    readAuthorization(signed).names.map((name) => [name, received[name] ?? ""]),
  );
  return expectedSignature({ method: "POST", url: signed.url, headers, body: signed.body }, scope, SECRET);
}

describe("the documented examples", () => {
  test("the algorithm of this file gives the signature that AWS documents for IAM's ListUsers", () => {
    const headers = {
      "content-type": "application/x-www-form-urlencoded; charset=utf-8",
      host: "iam.amazonaws.com",
      "x-amz-date": "20150830T123600Z",
    };
    const url = "https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08";
    const request = { method: "GET", url, headers, body: "" };
    expect(expectedSignature(request, { service: "iam", region: "us-east-1" }, SECRET)).toBe(
      "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
    );
  });

  test.each([
    ["post-vanilla", "", {}, "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"],
    [
      "post-x-www-form-urlencoded",
      "Param1=value1",
      { "content-type": "application/x-www-form-urlencoded" },
      "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
    ],
  ])("%s of AWS's test suite", async (_name, body, headers, signature) => {
    const scope = { service: "service", region: "us-east-1" };
    const signed = call("https://example.amazonaws.com/", body, headers);
    await signCall(signed, scope, KEYS, NOW);
    expect(readAuthorization(signed).credential).toBe("AKIDEXAMPLE/20150830/us-east-1/service/aws4_request");
    expect(readAuthorization(signed).signature).toBe(signature);
  });
});

describe("a signature is the one that the published algorithm gives", () => {
  const model = encodeURIComponent("anthropic.claude-3-haiku-20240307-v1:0");
  const arn = encodeURIComponent(
    "arn:aws:bedrock:eu-central-1:123456789012:application-inference-profile/ab12cd34ef56",
  );
  const host = "https://bedrock-runtime.eu-central-1.amazonaws.com";
  const json = { "content-type": "application/json" };
  test.each([
    ["a model id with a colon", call(`${host}/model/${model}/converse`, '{"a":1}', json), KEYS],
    ["an ARN, colons and slash encoded", call(`${host}/model/${arn}/converse-stream`, "{}", json), KEYS],
    ["a colon that is not encoded", call(`${host}/model/a:b/invoke`, "{}", json), KEYS],
    ["a query", call(`${host}/x?b=2&a=1&a=0&c=a%20b%2Bc+d&empty&slash=%2F`, "{}", json), KEYS],
    ["a body that is not ASCII", call(`${host}/x`, '{"text":"Grüße, 世界 👋"}', json), KEYS],
    ["an empty body", call(`${host}/x`), KEYS],
    ["a port", call("http://127.0.0.1:8123/model/x/converse", "{}", json), KEYS],
    ["temporary keys", call(`${host}/model/${model}/converse`, "{}", json), TEMPORARY],
    [
      "headers of SageMaker",
      call("https://runtime.sagemaker.us-west-2.amazonaws.com/endpoints/e/invocations", "{}", {
        ...json,
        "X-Amzn-SageMaker-Target-Variant": "blue",
      }),
      TEMPORARY,
    ],
  ])("%s", async (_what, unsigned, keys) => {
    await signCall(unsigned, BEDROCK, keys, NOW);
    expect(readAuthorization(unsigned).signature).toBe(verify(unsigned, BEDROCK));
    expect(unsigned.headers["x-amz-date"]).toBe("20150830T123600Z");
    expect(unsigned.headers["x-amz-security-token"]).toBe(keys.sessionToken?.reveal());
  });

  test("whatever the path, the query and the body are", async () => {
    const text = fc.string({ unit: "grapheme", maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(text, text, text, fc.json(), async (segment, name, value, body) => {
        const path = `/model/x${encodeURIComponent(segment)}/converse`;
        const query = `?n${encodeURIComponent(name)}=${encodeURIComponent(value)}`;
        const unsigned = call(`https://example.amazonaws.com${path}${query}`, body, json);
        await signCall(unsigned, BEDROCK, TEMPORARY, NOW);
        expect(readAuthorization(unsigned).signature).toBe(verify(unsigned, BEDROCK));
      }),
      { numRuns: 200 },
    );
  });
});

test("headers that others on the way may touch are not signed", async () => {
  const signed = call("https://example.amazonaws.com/", "{}", {
    "content-type": "application/json",
    accept: "application/json",
    traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    "x-amzn-trace-id": "Root=1",
    "x-amzn-bedrock-guardrailidentifier": "g1",
  });
  await signCall(signed, BEDROCK, TEMPORARY, NOW);
  expect(readAuthorization(signed).names).toEqual([
    "content-type",
    "host",
    "x-amz-date",
    "x-amz-security-token",
    "x-amzn-bedrock-guardrailidentifier",
  ]);
});

test("regions, services and days have keys of their own", async () => {
  const signatures = new Set<string>();
  const scopes = [BEDROCK, { ...BEDROCK, region: "us-east-1" }, { ...BEDROCK, service: "sagemaker" }];
  for (const scope of scopes) {
    for (const now of [NOW, NOW + 86_400_000]) {
      const signed = call("https://example.amazonaws.com/", "{}");
      await signCall(signed, scope, KEYS, now);
      expect(readAuthorization(signed).signature).toBe(verify(signed, scope));
      signatures.add(readAuthorization(signed).signature);
    }
  }
  expect(signatures.size).toBe(6);
});

test("the AWS SDK's own client signs an ARN's path in the same way", async () => {
  const sent: { path: string; headers: Record<string, string>; body: string; hostname: string }[] = [];
  const client = new BedrockRuntimeClient({
    region: "eu-central-1",
    credentials: { accessKeyId: "AKIDEXAMPLE", secretAccessKey: SECRET },
    maxAttempts: 1,
    requestHandler: {
      handle: (request: (typeof sent)[number]) => {
        sent.push(request);
        return Promise.reject(new Error("not sent"));
      },
    },
  });
  const modelId = "arn:aws:bedrock:eu-central-1:123456789012:application-inference-profile/ab12cd34ef56";
  const messages = [{ role: "user" as const, content: [{ text: "Grüße" }] }];
  await client.send(new ConverseCommand({ modelId, messages })).catch(() => {});
  const [request] = sent;
  if (request === undefined) throw new Error("nothing was signed");
  const signed = call(`https://${request.hostname}${request.path}`, request.body, request.headers);
  expect(readAuthorization(signed).signature).toBe(verify(signed, BEDROCK));
  expect(request.path).toContain("%3A");
});

test.each([
  ["secretAccessKey", "one\ntwo"],
  ["secretAccessKey", "behind "],
  ["sessionToken", "one\r\ntwo"],
])("a %s that is no key signs nothing", async (name, text) => {
  const keys = { ...TEMPORARY, [name]: new Secret(text) };
  const call = { url: "https://example.com/", headers: {}, body: "" };
  const thrown = await signCall(call, BEDROCK, keys, NOW).catch((reason: unknown) => reason);
  expect(thrown).toBeInstanceOf(CredentialUnfit);
  expect(String(thrown)).not.toContain("one");
  expect(call.headers).toEqual({});
});
