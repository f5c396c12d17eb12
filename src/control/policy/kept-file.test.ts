import { expect, test } from "bun:test";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
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
