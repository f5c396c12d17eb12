import { describe, expect, test } from "bun:test";
import { anthropicMessages } from "./anthropic-messages.ts";
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
