import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { createSteadyTime } from "./steady-time.ts";

const EPOCH = 1_700_000_000_000;
const HOUR = 3_600_000;

/** A machine whose clock can be set, and which can sleep. */
function machine() {
  let count = 5_000;
  let wall = EPOCH;
  const time = createSteadyTime({ elapsed: () => count, wall: () => wall });
  const pass = (ms: number) => {
    count += ms;
    wall += ms;
  };
  return {
    time,
    wall: () => wall,
    pass,
    set(byMs: number) {
      wall += byMs;
    },
    /** Second by second, as a process reads it that has something to do. */
    run(ms: number) {
      for (let passed = 0; passed < ms; passed += 1_000) {
        pass(Math.min(1_000, ms - passed));
        time.now();
      }
    },
  };
}

describe("steady time", () => {
  test("it is the machine's clock while nobody sets that", () => {
    const { time, wall, pass } = machine();
    for (const ms of [0, 1, 99, 100, 7_000, 8 * HOUR]) {
      pass(ms);
      expect(time.now()).toBe(wall());
    }
  });

  test("a clock that is set back an hour makes it slower by a quarter, and no more", () => {
    const { time, wall, set, run } = machine();
    run(1_000);
    set(-HOUR);
    const from = time.now();
    const counted = time.elapsed();
    run(5_000);
    expect(time.now() - from).toBeGreaterThanOrEqual(3_750);
    expect(time.elapsed() - counted).toBe(5_000);
    run(4.5 * HOUR);
    expect(Math.abs(time.now() - wall())).toBeLessThanOrEqual(2);
  });

  test("one that is set forward by half a minute makes it faster by a tenth", () => {
    const { time, wall, set, run } = machine();
    run(1_000);
    set(30_000);
    const from = time.now();
    run(10_000);
    expect(time.now() - from).toBeLessThanOrEqual(11_000);
    run(300_000);
    expect(Math.abs(time.now() - wall())).toBeLessThanOrEqual(2);
  });

  test("what a machine slept has passed, for what waits too", () => {
    const { time, wall, set, run } = machine();
    run(1_000);
    const counted = time.elapsed();
    set(8 * HOUR);
    run(1_000);
    expect(time.now()).toBe(wall());
    expect(time.elapsed() - counted).toBe(8 * HOUR + 1_000);
  });

  test("nobody asked for hours while it was drawn: it stops where the clock is", () => {
    const { time, wall, pass, set } = machine();
    set(-30_000);
    pass(200);
    time.now();
    pass(10 * HOUR);
    expect(Math.abs(time.now() - wall())).toBeLessThanOrEqual(2);
  });

  test("it never runs backwards, and stands still for nothing that is done to the clock", () => {
    const steps = fc.array(
      fc.record({
        pass: fc.integer({ min: 0, max: 5_000 }),
        set: fc.option(fc.integer({ min: -2 * HOUR, max: 2 * HOUR })),
      }),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(steps, (all) => {
        const { time, pass, set } = machine();
        for (const step of all) {
          const before = time.now();
          const counted = time.elapsed();
          if (step.set !== null) set(step.set);
          pass(step.pass);
          const now = time.now();
          expect(now - before).toBeGreaterThanOrEqual(Math.floor(step.pass * 0.75) - 1);
          expect(time.elapsed() - counted).toBeGreaterThanOrEqual(step.pass);
        }
      }),
    );
  });
});
