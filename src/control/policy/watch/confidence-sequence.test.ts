import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { seededRandom } from "../../../core/clock.ts";
import { rateBounds } from "./confidence-sequence.ts";

const count = fc
  .integer({ min: 1, max: 5_000 })
  .chain((requests) =>
    fc.record({ requests: fc.constant(requests), errors: fc.integer({ min: 0, max: requests }) }),
  );

describe("the bounds of a rate", () => {
  test("nothing seen rules nothing out", () => {
    expect(rateBounds({ requests: 0, errors: 0 }, 0.01)).toEqual({ lower: 0, upper: 1 });
  });

  test("worked out by hand: no error in 100 requests", () => {
    // log M(p) = log B(1/2, 100.5) − log π − 100 log(1 − p); with B(1/2, 100.5) ≈ √(π/100.25) and α = 0.05.
    const expected =
      1 - Math.exp((0.5 * Math.log(Math.PI / 100.25) - Math.log(Math.PI) - Math.log(20)) / 100);
    expect(rateBounds({ requests: 100, errors: 0 }, 0.05).upper).toBeCloseTo(expected, 4);
  });

  test("hold the observed rate, mirror errors and successes, and narrow with more of the same", () => {
    fc.assert(
      fc.property(count, fc.constantFrom(0.05, 0.01, 0.001), ({ requests, errors }, alpha) => {
        const { lower, upper } = rateBounds({ requests, errors }, alpha);
        expect(lower).toBeLessThanOrEqual(errors / requests);
        expect(upper).toBeGreaterThanOrEqual(errors / requests);
        const mirrored = rateBounds({ requests, errors: requests - errors }, alpha);
        expect(mirrored.lower).toBeCloseTo(1 - upper, 9);
        expect(mirrored.upper).toBeCloseTo(1 - lower, 9);
        const more = rateBounds({ requests: requests * 4, errors: errors * 4 }, alpha);
        expect(more.upper - more.lower).toBeLessThan(upper - lower + 1e-12);
      }),
    );
  });

  test("looked at after every request, they lose the true rate in no more runs than they may", () => {
    const random = seededRandom(3);
    const alpha = 0.1;
    const runs = 200;
    let lost = 0;
    for (let run = 0; run < runs; run++) {
      const rate = [0.01, 0.1, 0.5][run % 3] ?? 0.5;
      let errors = 0;
      for (let requests = 1; requests <= 400; requests++) {
        if (random() < rate) errors++;
        const { lower, upper } = rateBounds({ requests, errors }, alpha);
        if (rate < lower || rate > upper) {
          lost++;
          break;
        }
      }
    }
    // Binomial(200, 0.1) is beyond 45 with a probability below 1e-6.
    expect(lost).toBeLessThan(45);
  });
});
