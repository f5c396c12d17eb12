import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { firstRecovering, type Judged, measureGap } from "./gap-recovered.ts";

const one = (complexity: number, weak: number, strong: number): Judged => ({ complexity, weak, strong });

describe("by hand", () => {
  test("two of four gain, and the router puts them first: 0.75", () => {
    const report = measureGap([one(0.9, 0, 1), one(0.8, 0, 1), one(0.2, 1, 1), one(0.1, 0, 0)]);
    expect(report).toMatchObject({ requests: 4, weak: 0.25, strong: 0.75, apgr: 0.75, bestApgr: 0.75 });
    expect(report?.curve).toEqual([
      { share: 0.25, recovered: 0.5, threshold: 0.9 },
      { share: 0.5, recovered: 1, threshold: 0.8 },
      { share: 0.75, recovered: 1, threshold: 0.2 },
      { share: 1, recovered: 1, threshold: 0.1 },
    ]);
    expect(firstRecovering(report?.curve ?? [], 0.5)?.share).toBe(0.25);
    expect(firstRecovering(report?.curve ?? [], 0.8)?.threshold).toBe(0.8);
  });

  test("put last they are worth 0.25", () => {
    const report = measureGap([one(0.1, 0, 1), one(0.2, 0, 1), one(0.8, 1, 1), one(0.9, 0, 0)]);
    expect(report?.apgr).toBeCloseTo(0.25, 12);
    expect(report?.bestApgr).toBeCloseTo(0.75, 12);
  });

  test("a router that cannot tell them apart is worth as much as lots: 0.5", () => {
    const report = measureGap([one(0.5, 0, 1), one(0.5, 1, 1), one(0.5, 0, 0)]);
    expect(report?.apgr).toBeCloseTo(0.5, 12);
    expect(report?.curve).toHaveLength(1);
  });

  test("where the large model is no better there is no gap", () => {
    expect(measureGap([one(0.5, 1, 1)])).toBeNull();
    expect(measureGap([one(0.5, 1, 0)])).toBeNull();
    expect(measureGap([])).toBeNull();
  });
});

const judged = fc.array(
  fc.record({
    complexity: fc.integer({ min: 0, max: 20 }).map((n) => n / 20),
    weak: fc.integer({ min: 0, max: 5 }),
    strong: fc.integer({ min: 0, max: 5 }),
  }),
  { minLength: 1, maxLength: 40 },
);

test("order of lines, scale and offset of scores change nothing; no router beats the one that knows", () => {
  fc.assert(
    fc.property(judged, (sample) => {
      const report = measureGap(sample);
      if (report === null) return;
      expect(report.apgr).toBeLessThanOrEqual(report.bestApgr + 1e-9);
      expect(report.curve.at(-1)).toMatchObject({ share: 1 });
      expect(report.curve.at(-1)?.recovered).toBeCloseTo(1, 9);
      const scaled = sample
        .map(({ complexity, weak, strong }) => ({ complexity, weak: 2 * weak + 3, strong: 2 * strong + 3 }))
        .toReversed();
      expect(measureGap(scaled)?.apgr).toBeCloseTo(report.apgr, 9);
    }),
    { numRuns: 200 },
  );
});

test("the interval is the same every time, and narrower with more requests", () => {
  const sample = (n: number) =>
    Array.from({ length: n }, (_, i) => one(((i * 7) % 50) / 50, (i * 3) % 2, i % 5 === 0 ? 0 : 1));
  const width = (n: number) => {
    const [low, high] = measureGap(sample(n))?.apgrInterval ?? [0, 0];
    return high - low;
  };
  expect(measureGap(sample(60))).toEqual(measureGap(sample(60)));
  expect(width(2000)).toBeLessThan(width(60));
});
