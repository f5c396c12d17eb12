import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { createSteadyTime, type TimeMark } from "./steady-time.ts";

const EPOCH = 1_700_000_000_000;
const HOUR = 3_600_000;

/** A machine whose clock can be set, and which can sleep. */
function machine(mark: TimeMark | null = null) {
  let count = 5_000;
  let wall = EPOCH;
  const sources = { elapsed: () => count, wall: () => wall };
  const time = createSteadyTime(sources, mark);
  const pass = (ms: number) => {
    count += ms;
    wall += ms;
  };
  return {
    time,
    /** Another process of it begins. */
    begin: (left: TimeMark | null) => createSteadyTime(sources, left),
    mark: (): TimeMark => ({ now: time.now(), wall }),
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

describe("a process that begins beside others", () => {
  test.each([-HOUR, -30_000, 30_000])("has their time after the clock was set by %p ms", (byMs) => {
    const { time, begin, mark, run, set, pass } = machine();
    run(1_000);
    set(byMs);
    run(2_000);
    const left = mark();
    pass(900);
    const other = begin(left);
    expect(Math.abs(other.now() - time.now())).toBeLessThanOrEqual(250);
    for (let passed = 0; passed < 6 * HOUR; passed += 60_000) {
      pass(60_000);
      expect(Math.abs(other.now() - time.now())).toBeLessThanOrEqual(250);
    }
  });

  test("goes on where the last one was, and is drawn to the clock as that would have been", () => {
    const { begin, mark, run, set, pass, wall } = machine();
    run(1_000);
    const left = mark();
    set(-HOUR);
    pass(20_000);
    const next = begin(left);
    expect(next.now()).toBe(left.now);
    pass(4.5 * HOUR);
    expect(Math.abs(next.now() - wall())).toBeLessThanOrEqual(2);
  });

  test.each([
    ["nobody left a mark", null],
    ["it is long ago", { now: EPOCH - HOUR, wall: EPOCH - HOUR }],
    ["it is long ago, and was drawn forward then", { now: EPOCH - HOUR - 30_000, wall: EPOCH - HOUR }],
    ["it is of a clock that was days ahead", { now: EPOCH + 30 * HOUR, wall: EPOCH }],
    ["nobody is so far behind", { now: 0, wall: EPOCH }],
  ])("has the clock's where %s", (_why, left) => {
    expect(machine(left).time.now()).toBe(EPOCH);
  });
});
