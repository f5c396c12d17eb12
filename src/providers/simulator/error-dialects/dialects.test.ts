import { describe, expect, test } from "bun:test";
import { anthropicErrors } from "./anthropic.ts";
import { bedrockErrors } from "./bedrock.ts";
import { type ErrorDialect, refusal } from "./dialect.ts";
import { geminiErrors } from "./gemini.ts";
import { openaiErrors, responsesErrors } from "./openai.ts";

const NOW = Date.UTC(2026, 0, 1, 12);
const WAIT = { seconds: 7, asDate: false };

const DIALECTS = { Anthropic: anthropicErrors, Bedrock: bedrockErrors, Gemini: geminiErrors };

function refused(dialect: ErrorDialect, status: number, rest: Parameters<typeof refusal>[2] = {}) {
  return dialect.refuse(refusal(status, "Simulated.", rest), NOW);
}

describe("throttling", () => {
  test("OpenAI: a code, and the wait in seconds and milliseconds", () => {
    const answer = refused(openaiErrors, 429, { code: "rate_limit_exceeded", wait: WAIT });
    expect(answer).toMatchObject({
      status: 429,
      headers: { "retry-after": "7", "retry-after-ms": "7000" },
      body: { error: { type: "rate_limit_error", code: "rate_limit_exceeded" } },
    });
  });

  test("Anthropic: a type, the limit used up, and when it is not any more", () => {
    const answer = refused(anthropicErrors, 429, { code: "rate_limit_exceeded", wait: WAIT });
    expect(answer).toMatchObject({
      status: 429,
      headers: {
        "retry-after": "7",
        "anthropic-ratelimit-requests-remaining": "0",
        "anthropic-ratelimit-requests-reset": "2026-01-01T12:00:07Z",
      },
      body: { type: "error", error: { type: "rate_limit_error" } },
    });
  });

  test("Bedrock: an exception's name, and no wait", () => {
    const answer = refused(bedrockErrors, 429, { code: "rate_limit_exceeded", wait: WAIT });
    expect(answer.status).toBe(429);
    expect(answer.headers).toEqual({ "x-amzn-errortype": "ThrottlingException" });
  });

  test("Gemini: a status word, and the wait among the details", () => {
    const answer = refused(geminiErrors, 429, { code: "rate_limit_exceeded", wait: WAIT });
    expect(answer).toMatchObject({
      status: 429,
      headers: {},
      body: { error: { code: 429, status: "RESOURCE_EXHAUSTED", details: [{ retryDelay: "7s" }] } },
    });
  });

  test("a date has whole seconds and is never too early", () => {
    const answer = openaiErrors.refuse(
      refusal(503, "Simulated.", { wait: { seconds: 1.2, asDate: true } }),
      NOW + 100,
    );
    expect(answer.headers).toEqual({ "retry-after": "Thu, 01 Jan 2026 12:00:02 GMT" });
  });
});

describe("statuses", () => {
  test.each<[keyof typeof DIALECTS, number, number, string]>([
    ["Anthropic", 503, 529, "overloaded_error"],
    ["Anthropic", 529, 529, "overloaded_error"],
    ["Anthropic", 500, 500, "api_error"],
    ["Anthropic", 401, 401, "authentication_error"],
    ["Anthropic", 413, 413, "request_too_large"],
    ["Bedrock", 529, 503, "ServiceUnavailableException"],
    ["Bedrock", 401, 403, "UnrecognizedClientException"],
    ["Bedrock", 404, 404, "ResourceNotFoundException"],
    ["Bedrock", 502, 502, "InternalServerException"],
    ["Bedrock", 422, 422, "ValidationException"],
    ["Gemini", 529, 503, "UNAVAILABLE"],
    ["Gemini", 404, 404, "NOT_FOUND"],
    ["Gemini", 502, 502, "INTERNAL"],
  ])("%s says %p as %p %p", (name, asked, status, word) => {
    const answer = refused(DIALECTS[name], asked);
    expect(answer.status).toBe(status);
    expect(JSON.stringify([answer.headers, answer.body])).toContain(`"${word}"`);
    expect(answer.body.simulated).toBe(true);
  });

  test("a scenario's code is used by the dialect whose word it is", () => {
    expect(refused(openaiErrors, 500, { code: "anything" }).body).toMatchObject({
      error: { code: "anything" },
    });
    const overloaded = refused(anthropicErrors, 500, { code: "overloaded_error" });
    expect(overloaded.body).toMatchObject({ error: { type: "overloaded_error" } });
    const named = refused(bedrockErrors, 424, { code: "ModelTimeoutException" });
    expect(named.headers["x-amzn-errortype"]).toBe("ModelTimeoutException");
    expect(refused(geminiErrors, 500, { code: "ABORTED" }).body).toMatchObject({
      error: { status: "ABORTED" },
    });
  });
});

test("a stream's error is what each stream has for it", () => {
  expect(JSON.parse(openaiErrors.streamError(false).data)).toMatchObject({ error: { code: "server_error" } });
  expect(responsesErrors.streamError(true)).toMatchObject({ event: "error" });
  expect(JSON.parse(responsesErrors.streamError(true).data)).toMatchObject({ code: "rate_limit_exceeded" });
  expect(JSON.parse(anthropicErrors.streamError(false).data)).toMatchObject({
    type: "error",
    error: { type: "overloaded_error" },
  });
  expect(bedrockErrors.streamError(true)).toMatchObject({ event: "throttlingException", exception: true });
  expect(bedrockErrors.streamError(false)).toMatchObject({ event: "modelStreamErrorException" });
  expect(JSON.parse(geminiErrors.streamError(true).data)).toMatchObject({ error: { code: 429 } });
});
