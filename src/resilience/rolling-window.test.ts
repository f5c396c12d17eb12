import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { RollingWindow } from "./rolling-window.ts";

describe("RollingWindow", () => {
  test("agrees with a list of everything that was ever added", () => {
    const step = fc.record({ wait: fc.nat(400), field: fc.nat(1) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 5 }), (steps, buckets) => {
        const window = new RollingWindow(2, buckets, 100);
        const added: { bucket: number; field: number }[] = [];
        let now = 5000;
        for (const { wait, field } of steps) {
          now += wait;
          window.add(field, now);
          added.push({ bucket: Math.floor(now / 100), field });
          const oldest = Math.floor(now / 100) - buckets + 1;
          for (const asked of [0, 1]) {
            const expected = added.filter((entry) => entry.field === asked && entry.bucket >= oldest);
            expect(window.total(asked, now)).toBe(expected.length);
          }
        }
      }),
    );
  });

  test("time that runs backwards loses nothing", () => {
    const window = new RollingWindow(1, 3, 100);
    window.add(0, 1000);
    window.add(0, 500);
    expect(window.total(0, 1000)).toBe(2);
  });

  test("clear empties it and later adds still count", () => {
    const window = new RollingWindow(1, 3, 100);
    window.add(0, 1000);
    window.clear();
    expect(window.total(0, 1000)).toBe(0);
    window.add(0, 1000);
    expect(window.total(0, 1250)).toBe(1);
    expect(window.total(0, 1300)).toBe(0);
  });
});
