import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { FORGET_MS, HALF_LIFE_MS, Latency } from "./latency.ts";

const start = 1_700_000_000_000;

describe("Latency", () => {
  test("knows nothing before the first sample", () => {
    const latency = new Latency();
    expect(latency.smoothedMs(start)).toBe(0);
    expect(latency.p95Ms(start)).toBeNull();
  });

  test("a sample one half-life old weighs half of a new one", () => {
    const latency = new Latency();
    latency.record(300, start);
    latency.record(600, start + HALF_LIFE_MS);
    expect(latency.smoothedMs(start + HALF_LIFE_MS)).toBeCloseTo((0.5 * 300 + 600) / 1.5, 9);
  });

  test("samples of one millisecond count alike, and time alone changes nothing", () => {
    const latency = new Latency();
    for (const sample of [100, 200, 300]) latency.record(sample, start);
    expect(latency.smoothedMs(start)).toBeCloseTo(200, 9);
    expect(latency.smoothedMs(start + FORGET_MS)).toBeCloseTo(200, 9);
  });

  test("forgets what is too old to route by", () => {
    const latency = new Latency();
    latency.record(5000, start);
    expect(latency.smoothedMs(start + FORGET_MS + 1)).toBe(0);
    expect(latency.p95Ms(start + FORGET_MS + 1)).toBeNull();
    latency.record(100, start + 100 * FORGET_MS);
    expect(latency.smoothedMs(start + 100 * FORGET_MS)).toBeCloseTo(100, 3);
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, -1])("drops %p", (sample) => {
    const latency = new Latency();
    latency.record(sample, start);
    expect(latency.smoothedMs(start)).toBe(0);
    expect(latency.p95Ms(start)).toBeNull();
  });

  test("the 95th percentile is within 4.5 % of the exact one", () => {
    const samples = fc.array(fc.double({ min: 1, max: 120_000, noNaN: true }), {
      minLength: 1,
      maxLength: 200,
    });
    fc.assert(
      fc.property(samples, (values) => {
        const latency = new Latency();
        for (const value of values) latency.record(value, start);
        const sorted = values.toSorted((a, b) => a - b);
        const exact = sorted[Math.ceil(values.length * 0.95) - 1] ?? 0;
        expect(Math.abs((latency.p95Ms(start) ?? 0) / exact - 1)).toBeLessThanOrEqual(0.045);
      }),
    );
  });

  test("samples outside the histogram's range land in its outermost bins", () => {
    const latency = new Latency();
    latency.record(0, start);
    expect(latency.p95Ms(start)).toBeLessThan(1.1);
    for (let count = 0; count < 100; count++) latency.record(10_000_000, start);
    expect(latency.p95Ms(start)).toBeGreaterThan(100_000);
  });
});
