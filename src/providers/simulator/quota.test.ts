import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { openaiErrors } from "./error-dialects/openai.ts";
import { createQuota } from "./quota.ts";
import { quotaAnswer } from "./refusals.ts";

describe("quota", () => {
  test("a minute's requests at once, then one by one as the minute goes on", () => {
    const quota = createQuota({ requestsPerMinute: 60, tokensPerMinute: null }, 0);
    for (let i = 0; i < 60; i++) expect(quota.admit(5, 0).admitted).toBe(true);
    expect(quota.admit(5, 0)).toMatchObject({ admitted: false, limit: "requests", retryAfterMs: 1000 });
    expect(quota.admit(5, 999).admitted).toBe(false);
    expect(quota.admit(5, 1000).admitted).toBe(true);
    expect(quota.admit(5, 1000).admitted).toBe(false);
  });

  test("says what is left and when, the way OpenAI does", () => {
    const quota = createQuota({ requestsPerMinute: 60, tokensPerMinute: 6000 }, 0);
    const { levels } = quota.admit(1500, 0);
    expect(levels && openaiErrors.limitHeaders(levels, 0)).toEqual({
      "x-ratelimit-limit-requests": "60",
      "x-ratelimit-remaining-requests": "59",
      "x-ratelimit-reset-requests": "1s",
      "x-ratelimit-limit-tokens": "6000",
      "x-ratelimit-remaining-tokens": "4500",
      "x-ratelimit-reset-tokens": "15s",
    });
    const refused = quota.admit(5000, 0);
    expect(refused).toMatchObject({ admitted: false, limit: "tokens", retryAfterMs: 5000 });
    if (refused.admitted) throw new Error("was admitted");
    const answer = quotaAnswer(refused, openaiErrors, "atlas-large", 0);
    expect(answer.headers).toMatchObject({
      "retry-after": "5",
      "retry-after-ms": "5000",
      "x-ratelimit-remaining-tokens": "4500",
    });
  });

  test("a request above the whole minute's tokens cannot be waited for", () => {
    const refused = createQuota({ requestsPerMinute: null, tokensPerMinute: 100 }, 0).admit(101, 0);
    expect(refused).toMatchObject({ admitted: false, retryAfterMs: null });
    if (refused.admitted) throw new Error("was admitted");
    expect(quotaAnswer(refused, openaiErrors, "atlas-large", 0).headers["retry-after"]).toBeUndefined();
  });

  test("without limits there are no levels", () => {
    expect(createQuota({ requestsPerMinute: null, tokensPerMinute: null }, 0).admit(1e9, 0)).toEqual({
      admitted: true,
      levels: null,
    });
  });

  test("never admits more than was held at first plus what was refilled; after Retry-After it admits", () => {
    const arrival = fc.record({ wait: fc.nat(5_000), tokens: fc.integer({ min: 1, max: 50 }) });
    fc.assert(
      fc.property(fc.array(arrival, { maxLength: 60 }), (arrivals) => {
        const quota = createQuota({ requestsPerMinute: 30, tokensPerMinute: 600 }, 0);
        let now = 0;
        let requests = 0;
        let tokens = 0;
        for (const one of arrivals) {
          now += one.wait;
          let verdict = quota.admit(one.tokens, now);
          if (!verdict.admitted) {
            now += verdict.retryAfterMs ?? 0;
            verdict = quota.admit(one.tokens, now);
          }
          expect(verdict.admitted).toBe(true);
          requests++;
          tokens += one.tokens;
          expect(requests).toBeLessThanOrEqual(30 + (now * 30) / 60_000 + 0.01);
          expect(tokens).toBeLessThanOrEqual(600 + (now * 600) / 60_000 + 0.01);
        }
      }),
    );
  });
});
