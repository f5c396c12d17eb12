import { beforeEach, expect, test } from "bun:test";
import { FakeClock } from "../../core/fake-clock.ts";
import { startRhythm } from "./rhythm.ts";

let clock: FakeClock;
let begun: number;
let ends: (() => void)[];

beforeEach(() => {
  clock = new FakeClock();
  begun = 0;
  ends = [];
});

const start = () =>
  startRhythm(clock, async () => {
    begun++;
    await new Promise<void>((resolve) => void ends.push(resolve));
    return 100;
  });
const end = async (): Promise<void> => {
  ends.shift()?.();
  await clock.advance(0);
};

test("is done at once, and again so long after its end", async () => {
  const rhythm = start();
  await clock.advance(1_000);
  expect(begun).toBe(1);
  await end();
  await clock.advance(99);
  expect(begun).toBe(1);
  await clock.advance(1);
  expect(begun).toBe(2);
  ends[0]?.();
  await rhythm.stop();
  expect(clock.pending).toBe(0);
});

test("is done sooner when it is woken, and only once more where one is under way", async () => {
  const rhythm = start();
  for (let n = 0; n < 3; n++) rhythm.wake();
  expect(begun).toBe(1);
  await end();
  expect(begun).toBe(2);
  await end();
  expect([begun, clock.pending]).toEqual([2, 1]);
  rhythm.wake();
  expect([begun, clock.pending]).toEqual([3, 0]);
  ends[0]?.();
  await rhythm.stop();
});

test("settles when the one under way is over, and goes on", async () => {
  const rhythm = start();
  let isSettled = false;
  const settled = rhythm.settled().then(() => {
    isSettled = true;
  });
  await clock.advance(0);
  expect(isSettled).toBe(false);
  await end();
  await settled;
  await rhythm.settled();
  await clock.advance(100);
  expect(begun).toBe(2);
  ends[0]?.();
  await rhythm.stop();
});

test("stops when the one under way is over, and is not woken any more", async () => {
  const rhythm = start();
  rhythm.wake();
  const stopped = rhythm.stop();
  await end();
  await stopped;
  rhythm.wake();
  await clock.advance(1_000);
  expect([begun, clock.pending]).toEqual([1, 0]);
});
