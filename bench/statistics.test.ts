import { expect, test } from "bun:test";
import { median, percentile, spread } from "./statistics.ts";

const hundred = Array.from({ length: 100 }, (_, i) => ((i * 37) % 100) + 1);

test.each([
  [0.5, 50],
  [0.99, 99],
  [1, 100],
  [0, 1],
])("percentile %d of 1 to 100 is %d", (share, expected) => {
  expect(percentile(hundred, share)).toBe(expected);
});

test("the median of an even count is the mean of the middle two", () => {
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect(median([9, 1, 5])).toBe(5);
});

test("no samples give NaN, not zero", () => {
  expect(median([])).toBeNaN();
  expect(percentile([], 0.5)).toBeNaN();
});

test("the spread is relative to the median", () => {
  expect(spread([90, 100, 110])).toBeCloseTo(0.1);
});
