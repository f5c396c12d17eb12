import { describe, expect, test } from "bun:test";
import { anthropicMessages } from "./anthropic-messages.ts";
import { gemini } from "./gemini.ts";
import { openaiChat } from "./openai-chat.ts";
import { openaiResponses } from "./openai-responses.ts";

const NO_HEADERS = new Headers();
const delay = { "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "30s" };
const used = (quotaId: string) => ({
  "@type": "type.googleapis.com/google.rpc.QuotaFailure",
  violations: [{ quotaId }],
});
const said = (code: number, status: string, message: string, details: readonly unknown[] = []) => [
  { error: { code, status, message, details } },
];

describe("Google says on every wire, in its own words,", () => {
  const wires = [gemini, openaiChat, openaiResponses, anthropicMessages];

  test("that a day's quota is used up, whatever delay it names beside it", () => {
    const body = said(429, "RESOURCE_EXHAUSTED", "Please retry in 30s.", [
      used("GenerateRequestsPerDayPerProjectPerModel-FreeTier"),
      delay,
    ]);
    for (const wire of wires) {
      const read = wire.readError(429, NO_HEADERS, body, 0);
      expect(read).toMatchObject({ code: "quota_exhausted", lasting: true });
      expect(read.retryAfterMs).toBeUndefined();
    }
  });

  test("how long a minute's quota is to be waited for", () => {
    const body = said(429, "RESOURCE_EXHAUSTED", "Quota exceeded.", [
      used("GenerateRequestsPerMinutePerProjectPerModel"),
      delay,
    ]);
    for (const wire of wires) {
      const read = wire.readError(429, NO_HEADERS, body, 0);
      expect(read).toMatchObject({ code: "provider_throttled", retryAfterMs: 30_000 });
    }
  });
});

describe("a key or an account is refused with the status of a wrong request", () => {
  test.each<[string, unknown]>([
    [
      "xAI",
      {
        code: "Client specified an invalid argument",
        error: "Incorrect API key provided: xa***23. You can obtain an API key from https://console.x.ai.",
      },
    ],
    [
      "Google, by its words",
      said(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key."),
    ],
    ["Google, by its reason", said(400, "INVALID_ARGUMENT", "No.", [{ reason: "API_KEY_INVALID" }])],
    ["Google, of the account", said(400, "FAILED_PRECONDITION", "User location is not supported.")],
  ])("%s", (_name, body) => {
    for (const wire of [openaiChat, openaiResponses]) {
      expect(wire.readError(400, NO_HEADERS, body, 0).code).toBe("provider_credentials_refused");
    }
  });

  test("and what is wrong with the request stays the caller's", () => {
    const body = { error: { code: "invalid_value", message: "Unknown field `api_key`." } };
    expect(openaiChat.readError(400, NO_HEADERS, body, 0).code).toBe("provider_rejected_request");
  });
});

test.each([
  ["Rate limit reached for m on tokens per day (TPD): Limit 100000, Used 99990.", "quota_exhausted"],
  ["Rate limit exceeded: free-models-per-day.", "quota_exhausted"],
  ["You have reached your monthly limit.", "quota_exhausted"],
  ["Rate limit reached for m on tokens per min (TPM): Limit 6000, Used 5990.", "provider_throttled"],
  ["Rate limit exceeded: free-models-per-min.", "provider_throttled"],
])("%s", (message, code) => {
  const body = { error: { message, type: "tokens", code: "rate_limit_exceeded" } };
  for (const wire of [openaiChat, anthropicMessages]) {
    expect(wire.readError(429, NO_HEADERS, body, 0).code).toBe(code);
  }
});

test("a limit by the day that comes back in seconds, as the provider says itself, is waited for", () => {
  const readOf = (message: string) => openaiChat.readError(429, NO_HEADERS, { error: { message } }, 0);
  const sliding =
    "Rate limit reached for m on requests per day (RPD): Limit 10000, Used 10000. Please try again in";
  expect(readOf(`${sliding} 8.64s.`)).toMatchObject({ code: "provider_throttled", retryAfterMs: 8640 });
  expect(readOf(`${sliding} 8.64s.`).lasting).toBeUndefined();
  expect(readOf(`${sliding} 7h12m.`).lasting).toBe(true);
});
