import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { NO_USAGE } from "./events.ts";
import { costOf, formatUsd, usdPerMillion } from "./money.ts";

const prices = {
  input: usdPerMillion(3),
  output: usdPerMillion(15),
  cacheRead: usdPerMillion(0.3),
  cacheWrite: usdPerMillion(3.75),
};

describe("costOf", () => {
  test("prices each class by its own price", () => {
    const usage = {
      ...NO_USAGE,
      inputTokens: 1000,
      cacheReadTokens: 2000,
      cacheWriteTokens: 400,
      outputTokens: 100,
    };
    // 0.003 + 0.0006 + 0.0015 + 0.0015 USD
    expect(costOf(usage, prices)).toBe(6_600_000);
  });

  test("prices what is written for an hour by its own price, and as other writes where there is none", () => {
    const usage = { ...NO_USAGE, cacheWriteTokens: 1000, cacheWrite1hTokens: 400 };
    // 600 × 3.75 + 400 × 6
    expect(costOf(usage, { ...prices, cacheWrite1h: usdPerMillion(6) })).toBe(4_650_000);
    expect(costOf(usage, prices)).toBe(3_750_000);
    // 600 × 3 + 400 × 6
    const { cacheWrite: _, ...uncached } = prices;
    expect(costOf(usage, { ...uncached, cacheWrite1h: usdPerMillion(6) })).toBe(4_200_000);
  });

  test("takes the output price for reasoning and the input price for cache, where none is given", () => {
    const usage = { ...NO_USAGE, reasoningTokens: 10, cacheReadTokens: 10 };
    expect(costOf(usage, { input: usdPerMillion(1), output: usdPerMillion(2) })).toBe(30_000);
  });

  test("rounds once, after the sum", () => {
    const cheap = { input: usdPerMillion(0.0375), output: usdPerMillion(0.0375) };
    expect(costOf({ ...NO_USAGE, inputTokens: 1, outputTokens: 1 }, cheap)).toBe(75);
  });
});

describe("formatUsd", () => {
  test.each([
    [0, "0"],
    [1500, "0.0000015"],
    [2_000_000_000, "2"],
    [-1, "-0.000000001"],
    [1_234_567_890, "1.23456789"],
  ])("%d is %s", (nano, text) => expect(formatUsd(nano)).toBe(text));

  test("says the same amount for any integer", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10 ** 14 }), (nano) => {
        const [whole = "", rest = ""] = formatUsd(nano).split(".");
        expect(Number(whole) * 1_000_000_000 + Number(rest.padEnd(9, "0"))).toBe(nano);
      }),
    );
  });
});
