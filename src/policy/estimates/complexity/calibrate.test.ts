import { expect, test } from "bun:test";
import fc from "fast-check";
import { calibrateThreshold, distributionOf } from "./calibrate.ts";

const scores = fc
  .array(fc.nat(10_000), { minLength: 1, maxLength: 200 })
  .map((list) => list.map((n) => n / 10_000));
const shares = fc.double({ min: 0, max: 1, noNaN: true });

test("the threshold selects as many as it says, and no other threshold comes nearer to the share", () => {
  fc.assert(
    fc.property(scores, shares, (sample, target) => {
      const { threshold, selected, share } = calibrateThreshold(sample, target);
      const over = (from: number) => sample.filter((score) => score >= from).length;
      expect(threshold === null ? 0 : over(threshold)).toBe(selected);
      expect(share).toBe(selected / sample.length);
      const best = Math.min(...[...sample, 2].map((from) => Math.abs(over(from) - target * sample.length)));
      expect(Math.abs(selected - target * sample.length)).toBeCloseTo(best, 9);
    }),
  );
});

test.each([
  [[0.1, 0.2, 0.3, 0.4], 0.5, 0.25],
  [[0.1, 0.2, 0.3, 0.4], 1, 0],
  [[0.1, 0.2, 0.3, 0.4], 0, null],
  [[0.1234, 0.1236], 0.5, 0.1235],
  [[0.1234, 0.1235], 0.5, 0.1235],
  [[0.5, 0.5, 0.5], 0.4, null],
  [[0.5, 0.5, 0.5], 0.6, 0],
] as const)("of %p a share of %p is from %p on", (sample, target, expected) => {
  expect(calibrateThreshold(sample, target).threshold).toBe(expected);
});

test("the distribution counts every score once", () => {
  fc.assert(
    fc.property(scores, (sample) => {
      const { tenths, lowest, median, highest } = distributionOf(sample);
      expect(tenths.reduce((sum, count) => sum + count, 0)).toBe(sample.length);
      expect([lowest, highest]).toEqual([Math.min(...sample), Math.max(...sample)]);
      expect(sample).toContain(median);
    }),
  );
  expect(distributionOf([0, 0.05, 0.1, 0.95, 1]).tenths).toEqual([2, 1, 0, 0, 0, 0, 0, 0, 0, 2]);
});
