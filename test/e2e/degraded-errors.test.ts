/** Degraded modes with the status of an error: official clients raise the class that fits, with the policy's words. */
import { beforeAll, describe, expect, test } from "bun:test";
import Anthropic from "@anthropic-ai/sdk";
import {
  BedrockRuntimeClient,
  ConverseCommand,
  ConverseStreamCommand,
  InvokeModelCommand,
  InvokeModelWithResponseStreamCommand,
} from "@aws-sdk/client-bedrock-runtime";
import OpenAI from "openai";
import { endToEnd } from "./end-to-end.ts";
import { decisionOf, inject, KEY, type RunningGateway, startGateway } from "./harness.ts";
import { DOWN, INSTANT } from "./last-rung-policy.ts";

endToEnd();

const WORDS = "Please come back later.";
const POLICY = `version: 1
name: degraded-errors
providers: { sim: { kind: simulator } }
models:
  atlas: { context_window: 8000, prices: { input: 1, output: 1 } }
deployments:
  atlas-us: { model: atlas, provider: sim, model_id: atlas, region: us-east-1 }
use_cases:
  s429: { ladder: { primary: atlas, degraded: [{ busy: { message: ${WORDS}, status: 429, retry_after: 30s } }] } }
  s503: { ladder: { primary: atlas, degraded: [{ busy: { message: ${WORDS}, status: 503, retry_after: 30s } }] } }
  s451: { ladder: { primary: atlas, degraded: [{ template: { message: ${WORDS}, status: 451 } }] } }
  s500: { ladder: { primary: atlas, degraded: [{ template: { message: ${WORDS}, status: 500 } }] } }
circuit: { consecutive_failures: 1000, minimum_calls: 1000 }
`;

let gateway: RunningGateway;
let openai: OpenAI;
let anthropic: Anthropic;
let bedrock: BedrockRuntimeClient;

beforeAll(async () => {
  gateway = await startGateway({ policy: POLICY, scenario: INSTANT });
  openai = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: KEY });
  anthropic = new Anthropic({ baseURL: gateway.url, apiKey: KEY });
  bedrock = new BedrockRuntimeClient({
    endpoint: gateway.url,
    region: "us-east-1",
    maxAttempts: 1,
    token: { token: KEY },
    authSchemePreference: ["httpBearerAuth"],
  });
  await inject(gateway, DOWN);
});

async function thrownBy(call: () => Promise<unknown>): Promise<Error> {
  try {
    await call();
  } catch (thrown) {
    if (thrown instanceof Error) return thrown;
  }
  throw new Error("It succeeded.");
}

const messages = [{ role: "user" as const, content: "Hi" }];
const blocks = [{ role: "user" as const, content: [{ text: "Hi" }] }];
const claudes = JSON.stringify({ anthropic_version: "bedrock-2023-05-31", max_tokens: 9, messages });

const CLASSES = [
  ["s429", 429, "RateLimitError", "ThrottlingException"],
  ["s503", 503, "InternalServerError", "ServiceUnavailableException"],
] as const;

describe.each(CLASSES)("%s", (model, status, name, exception) => {
  test.each([false, true])("OpenAI's clients (stream: %p)", async (stream) => {
    const calls = [
      () => openai.chat.completions.create({ model, messages, stream }),
      () => openai.responses.create({ model, input: "Hi", stream }),
    ];
    for (const call of calls) {
      const error = await thrownBy(call);
      expect(error.constructor.name).toBe(name);
      expect(error).toMatchObject({ status, code: "degraded" });
      expect(error.message).toBe(`${status} ${WORDS}`);
    }
  });

  test.each([false, true])("Anthropic's client (stream: %p)", async (stream) => {
    const error = await thrownBy(() => anthropic.messages.create({ model, messages, max_tokens: 9, stream }));
    const { RateLimitError, InternalServerError } = Anthropic;
    expect(error).toBeInstanceOf(status === 429 ? RateLimitError : InternalServerError);
    expect(error).toMatchObject({
      status,
      error: { type: "error", error: { code: "degraded", message: WORDS } },
    });
  });

  test("AWS's client, streams as well", async () => {
    const calls = [
      () => bedrock.send(new ConverseCommand({ modelId: model, messages: blocks })),
      () => bedrock.send(new ConverseStreamCommand({ modelId: model, messages: blocks })),
      () => bedrock.send(new InvokeModelCommand({ modelId: model, body: claudes })),
      () => bedrock.send(new InvokeModelWithResponseStreamCommand({ modelId: model, body: claudes })),
    ];
    for (const call of calls) {
      const error = await thrownBy(call);
      expect([error.name, error.message]).toEqual([exception, WORDS]);
      expect(error).toMatchObject({ $metadata: { httpStatusCode: status } });
    }
  });
});

const PATHS: readonly (readonly [string, object])[] = [
  ["/v1/chat/completions", { model: "MODEL", messages }],
  ["/v1/chat/completions", { model: "MODEL", messages, stream: true }],
  ["/v1/responses", { model: "MODEL", input: "Hi", stream: true }],
  ["/v1/messages", { model: "MODEL", messages, max_tokens: 9, stream: true }],
  ["/model/MODEL/converse-stream", { messages: blocks }],
  ["/v1beta/models/MODEL:generateContent", { contents: [{ parts: [{ text: "Hi" }] }] }],
  ["/v1beta/models/MODEL:streamGenerateContent?alt=sse", { contents: [{ parts: [{ text: "Hi" }] }] }],
  ["/v1/invoke", { use_case: "MODEL", input: "Hi", stream: true }],
];

async function ask(path: string, body: object, model: string) {
  const response = await fetch(`${gateway.url}${path.replace("MODEL", model)}`, {
    method: "POST",
    headers: { authorization: `Bearer ${KEY}`, "content-type": "application/json" },
    body: JSON.stringify(body).replace("MODEL", model),
  });
  const text = await response.text();
  return { response, text, answer: JSON.parse(text) };
}

test.each(PATHS)("%s: labelled, whole, and with a Retry-After", async (path, body) => {
  const { response, text, answer } = await ask(path, body, "s429");
  expect(response.status).toBe(429);
  const { headers } = response;
  expect(headers.get("content-type")).toBe("application/json");
  expect(headers.get("retry-after")).toBe("30");
  expect(headers.get("x-should-retry")).toBe("false");
  expect(headers.get("x-pointsman-rung")).toBe("degraded");
  expect(headers.get("x-pointsman-degraded")).toBe("busy");
  expect(text).toContain(WORDS);
  expect(text).not.toContain("candidates");
  expect(answer.pointsman).toMatchObject({ degraded: "busy", use_case: "s429" });
  expect(await decisionOf(gateway, response)).toMatchObject({
    outcome: "degraded",
    degraded: "busy",
    status: 429,
  });
});

test("a status without a class of its own is told as the policy says it", async () => {
  const other = await ask("/v1/chat/completions", { model: "MODEL", messages }, "s451");
  expect(other.response.status).toBe(451);
  expect(other.response.headers.get("retry-after")).toBeNull();
  expect(other.answer.error).toMatchObject({ type: "invalid_request_error", message: WORDS });
  const google = await ask(PATHS[5]?.[0] ?? "", PATHS[5]?.[1] ?? {}, "s451");
  expect(google.answer.error).toMatchObject({ code: 451, message: WORDS });
  const broken = await ask("/v1/chat/completions", { model: "MODEL", messages }, "s500");
  expect([broken.response.status, broken.response.headers.get("retry-after")]).toEqual([500, "1"]);
});
