import { describe, expect, test } from "bun:test";
import type { StreamEvent } from "../core/events.ts";
import { anthropicMessages } from "./anthropic-messages.ts";
import { readBedrockException } from "./bedrock-errors.ts";
import { openaiChat } from "./openai-chat.ts";
import { openaiResponses } from "./openai-responses.ts";
import { readRetryAfter, retryDelay, waitInText } from "./retry-after.ts";

describe("how long a provider's text asks to wait", () => {
  test.each([
    ["Rate limit reached. Please try again in 6.1s.", 6100],
    ["Please try again in 1m2.5s. Visit us.", 62_500],
    ["You have exceeded the token rate limit. Please retry after 20 seconds.", 20_000],
    ["Please retry after 1 second. Or not.", 1000],
    ["Try again in 2 minutes", 120_000],
    ["Please retry in 38.804097346s.", 38_805],
    ["Please retry after 999999 minutes.", 24 * 60 * 60 * 1000],
    ["Please wait before trying again.", undefined],
    ["Please retry after seconds.", undefined],
    ["Please retry after ... seconds.", undefined],
  ])("%s", (text, wait) => {
    expect(waitInText(text)).toBe(wait);
    expect(readRetryAfter(new Headers(), text, 0)).toBe(wait);
  });

  test("is asked after the headers", () => {
    expect(readRetryAfter(new Headers({ "retry-after": "3" }), "Please retry after 20 seconds.", 0)).toBe(
      3000,
    );
  });
});

test("the delay among an error's details is the first that can be read", () => {
  const info = (delay: unknown) => ({
    "@type": "type.googleapis.com/google.rpc.RetryInfo",
    retryDelay: delay,
  });
  expect(
    retryDelay([{ reason: "RATE_LIMIT_EXCEEDED" }, info(7), info("soon"), info("1.5s"), info("9s")]),
  ).toBe(1500);
  for (const details of [undefined, {}, [], [null], [info("")]]) expect(retryDelay(details)).toBeUndefined();
});

test("Vertex says with Claude how long to wait, as it does with Gemini", () => {
  const details = [{ "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "1s" }];
  const body = [{ error: { code: 429, message: "Quota exceeded.", status: "RESOURCE_EXHAUSTED", details } }];
  const read = anthropicMessages.readError(429, new Headers(), body, 0);
  expect(read).toMatchObject({ kind: "throttled", code: "provider_throttled", retryAfterMs: 1000 });
});

describe("a wait that is asked for inside a stream", () => {
  const message = "Rate limit reached for m. Please try again in 3s.";
  const details = [{ "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "3s" }];
  const limit = { type: "rate_limit_error", message };
  const failed = {
    type: "response.failed",
    response: { status: "failed", error: { code: "rate_limit_exceeded", message } },
  };
  const throttled = { event: "throttlingException", data: JSON.stringify({ message }) };
  const told = (events: readonly StreamEvent[]) => events.at(-1);
  const chat = (error: unknown) =>
    told(openaiChat.step(openaiChat.readStart(), { data: JSON.stringify({ error }) })[1]);
  const messages = (error: unknown) => {
    const data = JSON.stringify({ type: "error", error });
    return told(anthropicMessages.step(anthropicMessages.readStart(), { event: "error", data })[1]);
  };

  test.each<[string, unknown]>([
    ["Chat, in words", chat({ code: 429, message })],
    ["Chat, in Google's details", chat({ code: 429, message: "Quota exceeded.", details })],
    ["Chat, without a status", chat({ code: "rate_limit_exceeded", message })],
    ["Chat, whole", told(openaiChat.readAnswer({ error: { code: 429, message } }))],
    [
      "Responses",
      told(
        openaiResponses.step(openaiResponses.readStart(), {
          event: failed.type,
          data: JSON.stringify(failed),
        })[1],
      ),
    ],
    ["Messages, in words", messages(limit)],
    ["Messages, in Google's details", messages({ ...limit, message: "Quota exceeded.", details })],
    ["Bedrock", { type: "fault", fault: readBedrockException(throttled) }],
  ])("is read: %s", (_, event) => {
    expect(event).toMatchObject({ type: "fault", fault: { kind: "throttled", retryAfterMs: 3000 } });
  });

  test("is none of a day's quota, nor of what the caller did", () => {
    const violations = [{ quotaId: "GenerateRequestsPerDayPerProjectPerModel" }];
    const daily = [{ "@type": "type.googleapis.com/google.rpc.QuotaFailure", violations }, ...details];
    for (const event of [
      chat({ code: 429, message, details: daily }),
      messages({ ...limit, details: daily }),
      chat({ code: 400, message }),
      messages({ type: "invalid_request_error", message }),
    ]) {
      expect(event?.type === "fault" && event.fault.retryAfterMs).toBeUndefined();
    }
  });
});
