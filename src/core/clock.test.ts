import { describe, expect, test } from "bun:test";
import { seededRandom, sleep } from "./clock.ts";
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
