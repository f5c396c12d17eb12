import { expect, test } from "bun:test";
import { z } from "zod";
import { createScratch } from "../../../test/scratch.ts";
import { keptFile } from "./kept-file.ts";
import { ownFile } from "./own-file.ts";

const scratch = createScratch();
const file = keptFile("a.json", z.object({ n: z.number(), by: z.string().nullable().default(null) }));

function gateways() {
  const directory = scratch.folder();
  const running = new Set(["gw_1", "gw_2"]);
  const of = (id: string) => ownFile<{ n: number }>(file, directory, { id, runs: (one) => running.has(one) });
  return { directory, running, one: of("gw_1"), two: of("gw_2") };
}

test("what one keeps is neither removed nor overwritten by another while it runs", async () => {
  const { one, two } = gateways();
  await one.save({ n: 1 });
  await expect(two.save({ n: 2 })).rejects.toThrow("Another gateway");
  await two.save(null);
  expect(await two.load()).toMatchObject({ value: { n: 1 }, isOthers: true });
  expect(await one.load()).toMatchObject({ value: { n: 1 }, isOthers: false });
  await one.save(null);
  await two.save({ n: 2 });
  expect(await one.load()).toMatchObject({ value: { n: 2 }, isOthers: true });
});

test("what one that is gone has left is anybody's", async () => {
  const { one, two, running } = gateways();
  await one.save({ n: 1 });
  running.delete("gw_1");
  expect(await two.load()).toMatchObject({ value: { n: 1 }, isOthers: false });
  await two.save({ n: 2 });
  expect((await two.load())?.value.n).toBe(2);
});

test("so is what an earlier release has left", async () => {
  const { directory, two } = gateways();
  await file.save(directory, { n: 1, by: null });
  expect(await two.load()).toMatchObject({ isOthers: false });
  await two.save(null);
  expect(await two.load()).toBeNull();
});
