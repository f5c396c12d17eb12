import { expect, test } from "bun:test";
import fc from "fast-check";
import { Histogram } from "./histogram.ts";

test("a percentile is that of the sorted list, too high by 2 % and a rounding at most", () => {
  const durations = fc.array(fc.double({ min: 1, max: 600_000, noNaN: true }), { minLength: 1 });
  fc.assert(
    fc.property(durations, fc.double({ min: 0.01, max: 1, noNaN: true }), (list, share) => {
      const histogram = new Histogram();
      for (const ms of list) histogram.add(ms);
      const exact = list.toSorted((a, b) => a - b)[Math.ceil(share * list.length) - 1] ?? 0;
      const read = histogram.percentile(share) ?? 0;
      expect(read).toBeGreaterThanOrEqual(Math.floor(exact));
      expect(read).toBeLessThanOrEqual(Math.ceil(exact * 1.021));
    }),
  );
});

test("merged histograms are the histogram of both", () => {
  const [one, other, both] = [new Histogram(), new Histogram(), new Histogram()];
  for (const ms of [1, 5, 900]) {
    one.add(ms);
    both.add(ms);
  }
  for (const ms of [40, 7000]) {
    other.add(ms);
    both.add(ms);
  }
  one.merge(other);
  for (const share of [0.2, 0.5, 0.99]) expect(one.percentile(share)).toBe(both.percentile(share));
  expect(one.longest).toBe(7000);
});

test("nothing has no percentile, also after clearing", () => {
  const histogram = new Histogram();
  expect(histogram.percentile(0.5)).toBeNull();
  histogram.add(30);
  histogram.clear();
  expect(histogram.percentile(0.5)).toBeNull();
  expect(histogram.longest).toBeNull();
});

test("what no bucket reaches is in the last one, and told as it was", () => {
  const histogram = new Histogram();
  histogram.add(90_000_000);
  expect(histogram.longest).toBe(90_000_000);
  expect(histogram.percentile(0.5)).toBeGreaterThan(3_000_000);
});
