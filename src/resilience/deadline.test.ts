import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { attemptTimeouts, MINIMUM_ATTEMPT_MS } from "./deadline.ts";

const tier = { connect: 1000, firstToken: 4000, idle: 3000, total: 20_000 };
const anyTier = fc.record({
  connect: fc.integer({ min: 1, max: 5000 }),
  firstToken: fc.integer({ min: 1, max: 20_000 }),
  idle: fc.integer({ min: 1, max: 20_000 }),
  total: fc.integer({ min: 1, max: 60_000 }),
});

describe("attemptTimeouts", () => {
  test.each([
    ["room for all: the tier's own", 60_000, 2, 20_000],
    ["two later rungs keep a first token each", 20_000, 2, 12_000],
    ["a near deadline is shared equally", 6000, 2, 2000],
    ["the last rung may have everything left", 6000, 0, 6000],
    ["shares too small to be of use are not kept back", 90, 2, 90],
    ["nothing left", 0, 2, 0],
    ["past the deadline", -5, 1, 0],
  ])("%s", (_, remaining, later, total) => {
    expect(attemptTimeouts(tier, remaining, later).total).toBe(total);
  });

  test("cuts the finer timeouts to the total, and makes no object when nothing is cut", () => {
    expect(attemptTimeouts(tier, 3500, 1)).toEqual({
      connect: 1000,
      firstToken: 1750,
      idle: 1750,
      total: 1750,
    });
    expect(attemptTimeouts(tier, 60_000, 1)).toBe(tier);
  });

  test("if every attempt uses its total, the sum stays within the deadline and each rung keeps its share", () => {
    fc.assert(
      fc.property(
        anyTier,
        fc.integer({ min: 0, max: 120_000 }),
        fc.integer({ min: 1, max: 6 }),
        (timeouts, deadline, rungs) => {
          const fair = deadline / rungs;
          const share = Math.min(timeouts.total, timeouts.firstToken, fair);
          let remaining = deadline;
          for (let later = rungs - 1; later >= 0; later--) {
            const { total } = attemptTimeouts(timeouts, remaining, later);
            if (fair >= MINIMUM_ATTEMPT_MS) expect(total).toBeGreaterThanOrEqual(share - 1e-6);
            remaining -= total;
          }
          expect(remaining).toBeGreaterThanOrEqual(-1e-6);
        },
      ),
    );
  });

  test("no finer timeout outlasts the attempt", () => {
    fc.assert(
      fc.property(anyTier, fc.integer({ min: 0, max: 120_000 }), fc.nat(5), (timeouts, remaining, later) => {
        const cut = attemptTimeouts(timeouts, remaining, later);
        expect(Math.max(cut.connect, cut.firstToken, cut.idle)).toBeLessThanOrEqual(cut.total);
        expect(cut.total).toBeLessThanOrEqual(Math.min(timeouts.total, remaining));
      }),
    );
  });
});
