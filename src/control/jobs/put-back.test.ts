import { expect, test } from "bun:test";
import { FakeClock } from "../../core/fake-clock.ts";
import { createPutBacks } from "./put-back.ts";

const LATEST = () => 0.999_999;

test("a message is put back for half the time until its turn, within bounds", () => {
  const putBacks = createPutBacks(new FakeClock(), LATEST);
  putBacks.took("a", 1_000);
  const delays = Array.from({ length: 1_000 }, (_, n) => Math.round(putBacks.delayFor("a", `m${n}`, 2)));
  expect([delays[0], delays[3], delays[99], delays[999]]).toEqual([250, 1_000, 25_000, 250_000]);
  for (let n = 1_000; n < 2_000; n++) putBacks.delayFor("a", `m${n}`, 2);
  expect(putBacks.delayFor("a", "last", 2)).toBeLessThanOrEqual(300_000);
  expect(Math.round(putBacks.delayFor("b", "other", 4))).toBe(125);
});

test("the pile shrinks as messages come back, and the same one is not counted twice", () => {
  const putBacks = createPutBacks(new FakeClock(), LATEST);
  putBacks.took("a", 1_000);
  for (let n = 0; n < 10; n++) putBacks.delayFor("a", `m${n}`, 1);
  expect(Math.round(putBacks.delayFor("a", "m9", 1))).toBe(5_000);
  for (let n = 0; n < 10; n++) putBacks.returned(`m${n}`);
  expect(Math.round(putBacks.delayFor("a", "m0", 1))).toBe(500);
});

test("durations are smoothed, and the jitter is half of it", () => {
  const putBacks = createPutBacks(new FakeClock(), () => 0);
  putBacks.took("a", 1_000);
  putBacks.took("a", 6_000);
  expect(putBacks.delayFor("a", "m", 1)).toBe(500);
});
