import { expect, test } from "bun:test";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createScratch } from "../../test/scratch.ts";
import { FakeClock } from "../core/fake-clock.ts";
import { keepTime, keptTime } from "./kept-time.ts";

const scratch = createScratch();

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await Bun.sleep(1);
}

test("a mark is left at once, every ten seconds, and every second while the clock is another", async () => {
  const directory = scratch.folder();
  const clock = new FakeClock();
  const keeper = keepTime(directory, clock, () => {});
  const marked = (now: number) => until(async () => (await keptTime.load(directory))?.now === now);
  const begun = clock.now();
  await marked(begun);
  rmSync(join(directory, "time.json"));
  for (let second = 1; second < 10; second++) await clock.advance(1_000);
  expect(existsSync(join(directory, "time.json"))).toBe(false);
  await clock.advance(1_000);
  await marked(begun + 10_000);
  clock.aheadMs = 3_600_000;
  await clock.advance(1_000);
  await marked(begun + 11_000);
  expect(await keptTime.load(directory)).toEqual({ now: clock.now(), wall: clock.wall() });
  await keeper.stop();
});

test("a folder that cannot be written is told of once", async () => {
  const file = join(scratch.folder(), "file");
  writeFileSync(file, "");
  const clock = new FakeClock();
  const told: string[] = [];
  const keeper = keepTime(join(file, "data"), clock, (_level, event) => void told.push(event));
  await until(async () => told.length > 0);
  await clock.advance(1_000);
  await Bun.sleep(5);
  await keeper.stop();
  expect(told).toEqual(["time_not_kept"]);
});

test("where nothing is shared nothing is kept", async () => {
  const clock = new FakeClock();
  await keepTime(null, clock, () => {}).stop();
  expect(clock.pending).toBe(0);
});
