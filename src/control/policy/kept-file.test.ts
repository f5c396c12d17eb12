import { expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { createScratch } from "../../../test/scratch.ts";
import { keptFile } from "./kept-file.ts";

const scratch = createScratch();
const kept = keptFile("a.json", z.object({ n: z.number() }));

test("is found as it was saved, in a folder that is made for it, and leaves nothing beside it", async () => {
  const directory = join(scratch.folder(), "data");
  expect(await kept.load(directory)).toBeNull();
  await kept.save(directory, { n: 1 });
  await kept.save(directory, { n: 2 });
  expect(await kept.load(directory)).toEqual({ n: 2 });
  expect(readdirSync(directory)).toEqual(["a.json"]);
  await kept.save(directory, null);
  expect(existsSync(join(directory, "a.json"))).toBe(false);
  await kept.save(directory, null);
});

test.each(["", "{", '{"n":"two"}', "null"])("what reads %p is none", async (text) => {
  const directory = scratch.folder();
  writeFileSync(join(directory, "a.json"), text);
  expect(await kept.load(directory)).toBeNull();
});

test("without a directory nothing is kept", async () => {
  await kept.save(null, { n: 1 });
  expect(await kept.load(null)).toBeNull();
});

test("by several at once it is one of theirs, whole, and none of them fails", async () => {
  const directory = scratch.folder();
  await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map((n) => kept.save(directory, { n })));
  expect((await kept.load(directory))?.n).toBeWithin(1, 9);
  expect(readdirSync(directory)).toEqual(["a.json"]);
});

test("what cannot take its place leaves nothing beside it", async () => {
  const directory = scratch.folder();
  mkdirSync(join(directory, "a.json", "full"), { recursive: true });
  await expect(kept.save(directory, { n: 1 })).rejects.toThrow();
  expect(readdirSync(directory)).toEqual(["a.json"]);
});

test("what a killed process left half written is removed by the next, what is being written is not", async () => {
  const directory = scratch.folder();
  const [old, fresh, other] = ["a.json.1f.new", "a.json.2f.new", "b.json.3f.new"];
  for (const name of ["a.json.new", old, fresh, other]) writeFileSync(join(directory, name), "{");
  const hourAgo = Date.now() / 1000 - 3600;
  for (const name of ["a.json.new", old, other]) utimesSync(join(directory, name), hourAgo, hourAgo);
  await kept.load(directory);
  expect(readdirSync(directory).toSorted()).toEqual([fresh, other]);
});
