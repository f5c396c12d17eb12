import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { fullJitter, statedAndJitter } from "./backoff.ts";

describe("fullJitter", () => {
  test.each([
    [0, 0.5, 50],
    [1, 0.5, 100],
    [3, 0.5, 400],
    [4, 0.5, 500],
    [5000, 0.5, 500],
    [0, 0, 0],
  ])("repeat %p with chance %p waits %p ms of base 100, max 1000", (repeat, chance, expected) => {
    expect(fullJitter(() => chance, 100, 1000, repeat)).toBe(expected);
  });

  test("stays below the cap for any input", () => {
    const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(chance, fc.nat(10_000), fc.nat(60_000), fc.nat(2000), (random, base, max, repeat) => {
        const wait = fullJitter(() => random, base, max, repeat);
        expect(wait).toBeGreaterThanOrEqual(0);
        expect(wait).toBeLessThanOrEqual(max);
        if (repeat <= 30) expect(wait).toBeLessThanOrEqual(base * 2 ** repeat);
      }),
    );
  });
});

describe("statedAndJitter", () => {
  const bounds = { backoffBaseMs: 100, backoffMaxMs: 1000, retryAfterMaxMs: 5000 };

  test.each([
    ["nothing stated", 0, 0, 50],
    ["a stated wait comes first", 3000, 0, 3050],
    ["the jitter grows and is bounded", 3000, 9, 3500],
    ["a stated wait is bounded", 600_000, 0, 5050],
  ])("%s", (_, stated, repeat, expected) => {
    expect(statedAndJitter(() => 0.5, stated, bounds, repeat)).toBe(expected);
  });

  test("nobody comes back before the stated time", () => {
    expect(statedAndJitter(() => 0, 3000, bounds, 3)).toBe(3000);
  });
});
