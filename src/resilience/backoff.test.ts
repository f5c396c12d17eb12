import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { fullJitter } from "./backoff.ts";

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
