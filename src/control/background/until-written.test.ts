import { beforeEach, expect, test } from "bun:test";
import { FakeClock } from "../../core/fake-clock.ts";
import { untilWritten } from "./until-written.ts";

let clock: FakeClock;
let tries: number[];
/** How often the store fails before it takes it. */
let failures: number;

beforeEach(() => {
  clock = new FakeClock(0);
  tries = [];
  failures = 0;
});

async function write(): Promise<string> {
  tries.push(clock.now());
  if (tries.length <= failures) throw new Error(`failure ${tries.length}`);
  return "kept";
}

test("what the store takes is written once, and nothing waits", async () => {
  expect(await untilWritten(clock, write)).toBe("kept");
  expect([tries, clock.pending]).toEqual([[0], 0]);
});

test("what it does not take is tried again, each time later, up to five seconds", async () => {
  failures = 8;
  const written = untilWritten(clock, write);
  await clock.advance(60_000);
  expect(await written).toBe("kept");
  expect(tries).toEqual([0, 100, 300, 700, 1_500, 3_100, 6_300, 11_300, 16_300]);
});

test("after a minute it is given up, with the last failure", async () => {
  failures = Number.POSITIVE_INFINITY;
  const written = untilWritten(clock, write).catch((thrown: Error) => thrown.message);
  await clock.advance(120_000);
  expect(await written).toBe(`failure ${tries.length}`);
  expect(tries.at(-1)).toBeWithin(60_000, 65_001);
  expect(clock.pending).toBe(0);
});

test("it is given up at once when nobody waits for it any more", async () => {
  failures = Number.POSITIVE_INFINITY;
  const controller = new AbortController();
  const written = untilWritten(clock, write, controller.signal).catch((thrown: Error) => thrown.message);
  await clock.advance(50);
  controller.abort();
  expect(await written).toBe("failure 1");
  expect(clock.pending).toBe(0);
});
