/**
 * Every kind of provider as the policy names it, in front of simulated hosts: the address, the proof and the
 * framing are those of the real ones, and signatures are checked by an implementation of the published algorithm
 * that shares nothing with the gateway's.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { createHash, createHmac } from "node:crypto";
import { endToEnd } from "./end-to-end.ts";
import { chat, decisionOf, KEY, type RunningGateway, readStream, startGateway } from "./harness.ts";
import { INSTANT } from "./policies.ts";

endToEnd();

const AWS_KEYS = {
  id: "AKIDEXAMPLE",
  secret: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
  token: "session/token==",
};

interface Seen {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>>;
  readonly signed: boolean | null;
}

let gateway: RunningGateway;
let host: ReturnType<typeof Bun.serve>;
const seen: Seen[] = [];

/** Records each call, checks a signature where there is one, and lets the simulator answer. */
function startHost(simulatorUrl: () => string): ReturnType<typeof Bun.serve> {
  return Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    idleTimeout: 60,
    async fetch(request) {
      const body = await request.text();
      const { pathname, search } = new URL(request.url);
      const headers = Object.fromEntries(request.headers);
      const signed = headers.authorization?.startsWith("AWS4") ? isSigned(request, body) : null;
      seen.push({ url: pathname + search, headers, body: JSON.parse(body), signed });
      return fetch(simulatorUrl() + pathname + search, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body,
      });
    },
  });
}

function isSigned(request: Request, body: string): boolean {
  const header = request.headers.get("authorization") ?? "";
  const [, scope = "", names = "", signature = ""] =
    /Credential=[^/]+\/([^,]+), SignedHeaders=([^,]+), Signature=(\w+)/.exec(header) ?? [];
  const url = new URL(request.url);
  const hex = (text: string) => createHash("sha256").update(text).digest("hex");
  const path = url.pathname.split("/").map(encodeURIComponent).join("/");
  const lines = names.split(";").map((name) => `${name}:${request.headers.get(name)?.trim()}`);
  const canonical = ["POST", path, url.search.slice(1), ...lines, "", names, hex(body)].join("\n");
  const time = request.headers.get("x-amz-date") ?? "";
  let key: Buffer = Buffer.from(`AWS4${AWS_KEYS.secret}`);
  for (const part of scope.split("/")) key = createHmac("sha256", key).update(part).digest();
  const text = ["AWS4-HMAC-SHA256", time, scope, hex(canonical)].join("\n");
  return createHmac("sha256", key).update(text).digest("hex") === signature;
}

function policy(at: string): string {
  const kinds: Readonly<Record<string, readonly [string, string, string]>> = {
    openai: [`kind: openai, base_url: "${at}/d/v1", credential: { env: K }`, "gpt-1", ""],
    responses: [
      `kind: openai, wire: openai-responses, base_url: "${at}/d/v1", credential: { env: K }`,
      "gpt-1",
      "",
    ],
    azure: [`kind: azure-openai, base_url: "${at}/d", credential: { env: K }`, "my-gpt", ""],
    azure_dated: [
      `kind: azure-openai, base_url: "${at}/d", api_version: "2024-10-21", credential: { env: K }`,
      "my-gpt",
      "",
    ],
    anthropic: [`kind: anthropic, base_url: "${at}/d/v1", credential: { env: K }`, "claude-1", ""],
    bedrock: [
      `kind: bedrock, base_url: "${at}/d"`,
      "arn:aws:bedrock:us-east-1:111122223333:application-inference-profile/abc",
      "regions: [us-east-1, us-west-2]",
    ],
    bedrock_invoke: [`kind: bedrock, wire: bedrock-invoke, base_url: "${at}/d"`, "anthropic.claude-1", ""],
    bedrock_key: [`kind: bedrock, base_url: "${at}/d", credential: { env: K }`, "anthropic.claude-1", ""],
    sagemaker: [
      `kind: sagemaker, base_url: "${at}/d"`,
      "tuned-endpoint",
      "endpoint: { target_variant: blue }",
    ],
    gemini: [`kind: gemini, base_url: "${at}/d/v1beta", credential: { env: K }`, "gemini-1", ""],
  };
  const each = (make: (name: string, kind: readonly [string, string, string]) => string) =>
    Object.entries(kinds)
      .map(([name, kind]) => make(name, kind))
      .join("\n");
  return `version: 1
name: kinds
providers:
${each((name, [provider]) => `  ${name}: { ${provider} }`)}
  sim: { kind: simulator }
models:
${each((name) => `  m-${name}: { context_window: 100000, capabilities: [tools], prices: { input: 1, output: 2 } }`)}
  m-sim: { context_window: 100000 }
deployments:
${each((name, [, model, more]) => `  d-${name}: { model: m-${name}, provider: ${name}, model_id: "${model}", region: us-east-1${more && `, ${more}`} }`)}
  d-sim: { model: m-sim, provider: sim, model_id: s, region: us-east-1 }
use_cases:
${each((name) => `  ${name}: { latency_tier: interactive, ladder: { primary: m-${name} } }`)}
  sim: { ladder: { primary: m-sim } }
`;
}

beforeAll(async () => {
  host = startHost(() => gateway.simulatorUrl ?? "");
  gateway = await startGateway({
    policy: policy(`http://127.0.0.1:${host.port}`),
    scenario: INSTANT,
    env: {
      K: "provider-secret",
      AWS_ACCESS_KEY_ID: AWS_KEYS.id,
      AWS_SECRET_ACCESS_KEY: AWS_KEYS.secret,
      AWS_SESSION_TOKEN: AWS_KEYS.token,
      AWS_EC2_METADATA_DISABLED: "true",
      // Bedrock's control plane is asked for profiles in the background: nobody is there.
      AWS_ENDPOINT_URL_BEDROCK: "http://127.0.0.1:9",
    },
  });
});
afterAll(() => host.stop(true));
beforeEach(() => void seen.splice(0));

const EXPECTED: readonly (readonly [string, string, string, Readonly<Record<string, string>>])[] = [
  ["openai", "/d/v1/chat/completions", "/d/v1/chat/completions", { authorization: "Bearer provider-secret" }],
  ["responses", "/d/v1/responses", "/d/v1/responses", { authorization: "Bearer provider-secret" }],
  [
    "azure",
    "/d/openai/v1/chat/completions",
    "/d/openai/v1/chat/completions",
    { "api-key": "provider-secret" },
  ],
  [
    "azure_dated",
    "/d/openai/deployments/my-gpt/chat/completions?api-version=2024-10-21",
    "/d/openai/deployments/my-gpt/chat/completions?api-version=2024-10-21",
    { "api-key": "provider-secret" },
  ],
  [
    "anthropic",
    "/d/v1/messages",
    "/d/v1/messages",
    { "x-api-key": "provider-secret", "anthropic-version": "2023-06-01" },
  ],
  [
    "bedrock",
    "/d/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A111122223333%3Aapplication-inference-profile%2Fabc/converse",
    "/d/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A111122223333%3Aapplication-inference-profile%2Fabc/converse-stream",
    { "x-amz-security-token": AWS_KEYS.token },
  ],
  [
    "bedrock_invoke",
    "/d/model/anthropic.claude-1/invoke",
    "/d/model/anthropic.claude-1/invoke-with-response-stream",
    { "x-amz-security-token": AWS_KEYS.token },
  ],
  [
    "bedrock_key",
    "/d/model/anthropic.claude-1/converse",
    "/d/model/anthropic.claude-1/converse-stream",
    { authorization: "Bearer provider-secret" },
  ],
  [
    "sagemaker",
    "/d/endpoints/tuned-endpoint/invocations",
    "/d/endpoints/tuned-endpoint/invocations-response-stream",
    { "x-amzn-sagemaker-target-variant": "blue" },
  ],
  [
    "gemini",
    "/d/v1beta/models/gemini-1:generateContent",
    "/d/v1beta/models/gemini-1:streamGenerateContent?alt=sse",
    { "x-goog-api-key": "provider-secret" },
  ],
];

describe.each([...EXPECTED])("%s", (name, wholePath, streamPath, headers) => {
  test("is called where it is, with its proof, and answers", async () => {
    const response = await chat(gateway, { model: name });
    const body = (await response.json()) as { choices?: { message: { content: string } }[] };
    expect({ status: response.status, body: response.ok ? "" : body }).toEqual({ status: 200, body: "" });
    expect(body.choices?.[0]?.message.content).toContain("Hello there");
    const [call] = seen;
    expect(call?.url).toBe(wholePath);
    expect(call?.headers).toMatchObject(headers);
    if (call?.headers.authorization?.startsWith("AWS4")) expect(call.signed).toBe(true);
    else expect(call?.signed).toBeNull();
    expect(JSON.stringify(seen)).not.toContain(KEY);
    expect(JSON.stringify(await decisionOf(gateway, response))).not.toMatch(
      /provider-secret|wJalr|session\/token/,
    );
  });

  test("streams in its own framing", async () => {
    const response = await chat(gateway, { model: name, stream: true });
    const stream = await readStream(response);
    expect(stream).toMatchObject({ done: true, error: null });
    expect(stream.text).toContain("Hello there");
    expect(seen[0]?.url).toBe(streamPath);
    if (seen[0]?.headers.authorization?.startsWith("AWS4")) expect(seen[0].signed).toBe(true);
  });
});

test("a profile that may leave the residency is refused before anything is sent", async () => {
  const response = await chat(
    gateway,
    { model: "bedrock" },
    {
      headers: { "x-pointsman-residency": "us-east-*" },
    },
  );
  expect(response.status).toBe(503);
  expect(seen).toEqual([]);
  const { refusals } = await decisionOf(gateway, response);
  expect(refusals[0]).toMatchObject({
    constraint: "residency",
    reason: expect.stringContaining("us-west-2"),
  });
});
