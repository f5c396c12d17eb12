import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { createCoarseTimers } from "./coarse-timers.ts";
import { FakeClock } from "./fake-clock.ts";

describe("coarse timers", () => {
  test("each fires once, never early and less than two ticks late, unless it was cancelled", async () => {
    const plan = fc.array(
      fc.record({
        delay: fc.integer({ min: 0, max: 2000 }),
        cancelAt: fc.option(fc.integer({ min: 0, max: 2500 })),
      }),
      { maxLength: 30 },
    );
    await fc.assert(
      fc.asyncProperty(plan, async (timers) => {
        const clock = new FakeClock();
        const after = createCoarseTimers(clock, 50);
        const start = clock.now();
        const fired = timers.map((): number[] => []);
        timers.forEach(({ delay, cancelAt }, i) => {
          const timer = after(delay, () => fired[i]?.push(clock.now() - start));
          if (cancelAt !== null) clock.after(cancelAt, () => timer.cancel());
        });
        await clock.advance(5000);
        timers.forEach(({ delay, cancelAt }, i) => {
          const at = fired[i]?.[0];
          if (at === undefined) expect(cancelAt).not.toBeNull();
          else {
            expect(fired[i]).toHaveLength(1);
            expect(at).toBeGreaterThanOrEqual(delay);
            expect(at).toBeLessThanOrEqual(delay + 100);
          }
          if (cancelAt !== null && cancelAt < delay) expect(at).toBeUndefined();
        });
        expect(clock.pending).toBe(0);
      }),
      { numRuns: 100 },
    );
  });

  test("one that is set by another's callback fires too", async () => {
    const clock = new FakeClock();
    const after = createCoarseTimers(clock, 50);
    let fired = false;
    after(100, () => {
      after(0, () => {
        fired = true;
      });
    });
    await clock.advance(300);
    expect(fired).toBe(true);
  });

  test("those that were cancelled do not keep the clock going until they are due", async () => {
    const clock = new FakeClock();
    const after = createCoarseTimers(clock, 50);
    after(60_000, () => {}).cancel();
    await clock.advance(100);
    expect(clock.pending).toBe(0);
  });

  test("nobody is woken before the first of them is due", async () => {
    const clock = new FakeClock();
    let asked = 0;
    const counting = {
      now: () => clock.now(),
      after(delayMs: number, callback: () => void) {
        asked++;
        return clock.after(delayMs, callback);
      },
    };
    const after = createCoarseTimers(counting, 50);
    let fired = 0;
    const first = after(60_000, () => fired++);
    after(90_000, () => fired++);
    await clock.advance(59_000);
    expect(asked).toBe(1);
    first.cancel();
    await clock.advance(40_000);
    expect(fired).toBe(1);
    expect(asked).toBe(2);
    expect(clock.pending).toBe(0);
  });
});
