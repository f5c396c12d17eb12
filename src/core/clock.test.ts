import { describe, expect, test } from "bun:test";
import { seededRandom, sleep, within } from "./clock.ts";
import { FakeClock } from "./fake-clock.ts";

describe("sleep", () => {
  test("ends when its time has come", async () => {
    const clock = new FakeClock();
    const woken: boolean[] = [];
    void sleep(clock, 100).then((full) => {
      woken.push(full);
    });
    await clock.advance(99);
    expect(woken).toEqual([]);
    await clock.advance(1);
    expect(woken).toEqual([true]);
  });

  test("ends early on abort and leaves no timer", async () => {
    const clock = new FakeClock();
    const controller = new AbortController();
    const slept = sleep(clock, 100, controller.signal);
    controller.abort();
    expect(await slept).toBe(false);
    expect(clock.pending).toBe(0);
  });

  test("does not begin under an aborted signal", async () => {
    const clock = new FakeClock();
    expect(await sleep(clock, 100, AbortSignal.abort())).toBe(false);
    expect(clock.pending).toBe(0);
  });
});

describe("within", () => {
  test("is what the work resolves to in time, and leaves no timer", async () => {
    const clock = new FakeClock();
    expect(await within(clock, 100, Promise.resolve("done"))).toBe("done");
    expect(clock.pending).toBe(0);
  });

  test("rejects as the work does, and leaves no timer", async () => {
    const clock = new FakeClock();
    const failed = within(clock, 100, Promise.reject(new Error("no")));
    expect(await failed.catch((thrown: Error) => thrown.message)).toBe("no");
    expect(clock.pending).toBe(0);
  });

  test("is late when the time has come, and does not hear of a later rejection", async () => {
    const clock = new FakeClock();
    const work = Promise.withResolvers<string>();
    const outcomes: string[] = [];
    void within(clock, 100, work.promise).then((outcome) => void outcomes.push(outcome));
    await clock.advance(99);
    expect(outcomes).toEqual([]);
    await clock.advance(1);
    work.reject(new Error("too late"));
    await clock.advance(0);
    expect([outcomes, clock.pending]).toEqual([["late"], 0]);
  });
});

test("a seed gives the same numbers, all of them in [0, 1)", () => {
  const draw = (seed: number) => {
    const random = seededRandom(seed);
    return Array.from({ length: 1000 }, random);
  };
  expect(draw(7)).toEqual(draw(7));
  expect(draw(7)).not.toEqual(draw(8));
  for (const value of draw(7)) {
    expect(value).toBeGreaterThanOrEqual(0);
    expect(value).toBeLessThan(1);
  }
});
