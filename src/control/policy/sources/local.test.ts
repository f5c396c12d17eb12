import { describe, expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createScratch, makePipe } from "../../../../test/scratch.ts";
import { localSource } from "./local.ts";

const scratch = createScratch();
const never = new AbortController().signal;
const failing = (problem: string) => ({ result: "failed", problem: expect.stringContaining(problem) });

describe("what is neither a file nor a folder", () => {
  test("is refused without waiting for it, and what takes its place is read", async () => {
    const file = join(scratch.folder(), "policy.yaml");
    makePipe(file);
    const source = localSource(file, null);
    expect(await source.fetch(never)).toMatchObject(failing("is neither a file nor a folder"));
    rmSync(file);
    writeFileSync(file, "name: back\n");
    expect(await source.fetch(never)).toMatchObject({ texts: [{ file, text: "name: back\n" }] });
  });

  test.each([
    ["an overlay", "policy.prod.yaml"],
    ["a part of a folder", "b.policy.yaml"],
  ])("%s, too", async (_what, name) => {
    const folder = scratch.folder();
    writeFileSync(join(folder, "policy.yaml"), "name: base\n");
    makePipe(join(folder, name));
    expect(await localSource(folder, "prod").fetch(never)).toMatchObject(failing(name));
  });
});

test("a file that is not there is told otherwise than one that is gone", async () => {
  const folder = scratch.folder();
  const file = join(folder, "policy.yaml");
  const source = localSource(file, null);
  expect(await source.fetch(never)).toEqual({
    result: "failed",
    problem: `There is no file ${file}. Put the policy there.`,
  });
  writeFileSync(file, "name: back\n");
  await source.fetch(never);
  rmSync(file);
  expect(await source.fetch(never)).toEqual({
    result: "failed",
    problem: `The policy's file ${file} is gone. Put it back; until then the policy in force goes on.`,
  });
});

const thrown = (code: string) => Object.assign(new Error(`${code}: no`), { code });

test.each([
  ["EACCES", "Make it readable for the user that runs the gateway."],
  ["EPERM", "Make it readable for the user that runs the gateway."],
  ["EIO", "Check the file and its disk."],
])("%s is told with what mends it", async (code, fix) => {
  const source = localSource("policy.yaml", null, () => Promise.reject(thrown(code)));
  expect(await source.fetch(never)).toEqual({
    result: "failed",
    problem: `The policy cannot be read: ${code}: no. ${fix}`,
  });
});
