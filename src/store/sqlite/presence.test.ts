import { expect, test } from "bun:test";
import { existsSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createScratch } from "../../../test/scratch.ts";
import { announce } from "./presence.ts";

const scratch = createScratch();

test("those that use a folder know of each other until they leave, and leave nothing", () => {
  const directory = join(scratch.folder(), "kept");
  const one = announce(directory, "gw_1");
  const two = announce(directory, "gw_2");
  expect([one.others(), two.others()]).toEqual([["gw_2"], ["gw_1"]]);
  expect([two.runs("gw_1"), two.runs("gw_2"), two.runs("gw_3")]).toEqual([true, true, false]);
  one.leave();
  expect([two.runs("gw_1"), two.others()]).toEqual([false, []]);
  two.leave();
  expect(existsSync(directory)).toBe(false);
});

test("one that was killed runs no more, and its file goes with the next start", async () => {
  const directory = scratch.folder();
  const script = `
    const { announce } = await import(${JSON.stringify(join(import.meta.dir, "presence.ts"))});
    announce(${JSON.stringify(directory)}, "gw_1");
    Bun.gc(true);
    console.log("there");
    setInterval(() => {}, 1000);`;
  const child = Bun.spawn([process.execPath, "-e", script], { stdout: "pipe" });
  const two = announce(directory, "gw_2");
  try {
    await child.stdout.getReader().read();
    expect(two.runs("gw_1")).toBe(true);
  } finally {
    child.kill("SIGKILL");
    await child.exited;
  }
  expect(two.runs("gw_1")).toBe(false);
  utimesSync(join(directory, "gw_1.in-use"), 0, 0);
  announce(directory, "gw_3").leave();
  expect(readdirSync(directory)).toEqual(["gw_2.in-use"]);
  two.leave();
});

test("a folder that cannot be made is an error", () => {
  const file = join(scratch.folder(), "file");
  writeFileSync(file, "");
  expect(() => announce(join(file, "kept"), "gw_1")).toThrow();
});
