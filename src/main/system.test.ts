import { describe, expect, test } from "bun:test";
import { FakeClock } from "../core/fake-clock.ts";
import { systemClock } from "./system.ts";

const HOUR = 3_600_000;

/** A machine whose clock is set by hand; its counter and its timers go on. */
function machine() {
  const counter = new FakeClock(0);
  let wall = 1_700_000_000_000;
  const clock = systemClock(null, {
    elapsed: () => counter.now(),
    wall: () => wall + counter.now(),
    after: (delayMs, callback) => counter.after(delayMs, callback),
  });
  return {
    clock,
    advance: (ms: number) => counter.advance(ms),
    set(byMs: number) {
      wall += byMs;
    },
  };
}

describe("the system's clock", () => {
  for (const delay of [100, 5_000]) {
    test(`a timer of ${delay} ms fires in time when the machine's clock is set back`, async () => {
      const { clock, advance, set } = machine();
      let fired = 0;
      clock.after(delay, () => fired++);
      set(-HOUR);
      await advance(delay - 1);
      expect(fired).toBe(0);
      await advance(50);
      expect(fired).toBe(1);
    });
  }

  test("one that is set while the clock is behind fires in time, too", async () => {
    const { clock, advance, set } = machine();
    await advance(1_000);
    set(-HOUR);
    await advance(10_000);
    let fired = 0;
    clock.after(5_000, () => fired++);
    await advance(5_050);
    expect(fired).toBe(1);
  });

  test("what a machine slept through counts for its timers", async () => {
    const { clock, advance, set } = machine();
    let steps = 0;
    let polls = 0;
    clock.after(HOUR, () => steps++);
    clock.after(1_000, () => polls++);
    set(2 * HOUR);
    await advance(1_050);
    expect([steps, polls]).toEqual([1, 1]);
  });

  test("others are told what the machine's clock says", async () => {
    const { clock, advance, set } = machine();
    await advance(1_000);
    const said = clock.wall();
    set(-HOUR);
    expect(clock.wall()).toBe(said - HOUR);
    expect(clock.now()).toBeGreaterThanOrEqual(said);
  });
});
