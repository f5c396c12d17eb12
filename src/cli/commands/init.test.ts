import { beforeEach, describe, expect, test } from "bun:test";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createScratch } from "../../../test/scratch.ts";
import { fakeProcess } from "../fake-ports.ts";

const scratch = createScratch();
let cwd = "";
beforeEach(() => {
  cwd = scratch.folder();
});

const text = (file: string) => readFile(join(cwd, file), "utf8");

describe("init", () => {
  test("writes a commented policy that validate accepts without a warning", async () => {
    const shell = fakeProcess({ cwd });
    expect(await shell.run("init")).toBe(0);
    expect(await text("pointsman.yaml")).toStartWith("# yaml-language-server: $schema=http");
    expect((await text("pointsman.yaml")).match(/yaml-language-server/g)).toHaveLength(1);
    expect(await text("pointsman.yaml")).toContain("use_cases:");
    const second = fakeProcess({ cwd });
    expect(await second.run("validate", "--json")).toBe(0);
    expect(JSON.parse(second.stdout())).toMatchObject({ valid: true, findings: [] });
  });

  test("says what to do next, and the commands it names work", async () => {
    const shell = fakeProcess({ cwd });
    expect(await shell.run("init", "my policy.yaml")).toBe(0);
    expect(shell.stdout()).toContain("pointsman validate 'my policy.yaml'");
    expect(shell.stdout()).toContain("pointsman up --demo --policy 'my policy.yaml'");
    const explained = fakeProcess({ cwd });
    const args = ["explain", "Where is my parcel?", "--use-case", "support-chat"];
    expect(await explained.run(...args, "--policy", "my policy.yaml")).toBe(0);
  });

  test("--json names the file and the next commands", async () => {
    const shell = fakeProcess({ cwd });
    expect(await shell.run("init", "--json")).toBe(0);
    const printed = JSON.parse(shell.stdout());
    expect(printed.file).toBe("pointsman.yaml");
    expect(printed.next).toHaveLength(3);
  });

  test("never overwrites unless told to", async () => {
    await writeFile(join(cwd, "pointsman.yaml"), "mine\n");
    const shell = fakeProcess({ cwd });
    expect(await shell.run("init")).toBe(1);
    expect(shell.stderr()).toContain("pointsman.yaml is there already");
    expect(shell.stderr()).toContain("--force");
    expect(await text("pointsman.yaml")).toBe("mine\n");
    expect(await shell.run("init", "--force")).toBe(0);
    expect(await text("pointsman.yaml")).toContain("version: 1");
  });

  test("a directory that is not there is said", async () => {
    const shell = fakeProcess({ cwd });
    expect(await shell.run("init", "no/where.yaml")).toBe(2);
    expect(shell.stderr()).toContain("Make its directory first");
  });
});
