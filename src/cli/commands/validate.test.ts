import { beforeEach, describe, expect, test } from "bun:test";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createScratch, makePipe } from "../../../test/scratch.ts";
import { BASE_POLICY } from "../../policy/fake-policy.ts";
import { fakeProcess } from "../fake-ports.ts";
import { EXAMPLE_POLICY } from "../packaged.ts";

const scratch = createScratch();
let cwd = "";
let example = "";
beforeEach(async () => {
  cwd = scratch.folder();
  example = await readFile(EXAMPLE_POLICY, "utf8");
});

const write = (file: string, text: string) => writeFile(join(cwd, file), text);
/** Line and column of `word`, from 1. */
const placeOf = (text: string, word: string) => {
  const before = text.slice(0, text.indexOf(word)).split("\n");
  return `${before.length}:${(before.at(-1)?.length ?? 0) + 1}`;
};

describe("validate", () => {
  test("a good policy: version, size, exit code 0", async () => {
    await write("pointsman.yaml", example);
    const shell = fakeProcess({ cwd });
    expect(await shell.run("validate")).toBe(0);
    expect(shell.stdout()).toMatch(
      /^pointsman\.yaml is valid: example@[0-9a-f]{12}, 4 use cases, 6 deployments\.\n$/,
    );
  });

  test("an error: place, code, the line with a caret, the fix, exit code 1", async () => {
    const bad = example.replace("fallback: [nimbus-large] #", "fallback: [nimbus-larg] #");
    await write("p.yaml", bad);
    const shell = fakeProcess({ cwd });
    expect(await shell.run("validate", "p.yaml")).toBe(1);
    const [head, line, caret, fix] = shell.stdout().split("\n");
    expect(head).toMatch(/^p\.yaml:\d+:\d+ error \w+ .*nimbus-larg/);
    expect(head).toContain(`p.yaml:${placeOf(bad, "nimbus-larg]")} `);
    expect(line?.slice(caret?.indexOf("^"))).toStartWith("nimbus-larg]");
    expect(fix).toBe('  fix: Did you mean "nimbus-large"?');
    expect(shell.stdout()).toContain("p.yaml is not valid: 1 error, 0 warnings.");
  });

  test("a folder of passages that is not there, as seen from the policy", async () => {
    await mkdir(join(cwd, "policies/faq"), { recursive: true });
    const mode = (folder: string) => `degraded: [{ retrieval: { folder: ${folder}, message: "See:" } }]`;
    for (const [folder, isThere] of [
      ["nowhere", false],
      ["policies/faq", false],
      ["faq", true],
    ] as const) {
      await write("policies/p.yaml", BASE_POLICY.replace(/degraded: .*/, mode(folder)));
      const shell = fakeProcess({ cwd });
      expect(await shell.run("validate", "policies/p.yaml")).toBe(0);
      expect(shell.stdout().includes(`missing_folder There is no folder "${folder}"`)).toBe(!isThere);
      expect(await shell.run("doctor", "--policy", "policies/p.yaml", "--offline")).toBe(0);
      expect(shell.stdout().split("missing_folder")).toHaveLength(isThere ? 1 : 3);
    }
  });

  test("--json has the same findings", async () => {
    await write("p.yaml", example.replace("kind: simulator", "kind: simulatr"));
    const shell = fakeProcess({ cwd });
    expect(await shell.run("--json", "validate", "p.yaml")).toBe(1);
    const report = JSON.parse(shell.stdout());
    expect(report).toMatchObject({ valid: false, version: null });
    expect(report.findings[0]).toMatchObject({
      file: "p.yaml",
      severity: "error",
      column: expect.any(Number),
    });
    expect(report.findings[0].fix).toContain("simulator");
  });

  test("warnings are printed and are no errors; a credential that is set makes none", async () => {
    const kind = "kind: openai, credential: { env: SOME_PROVIDER_KEY }";
    await write("p.yaml", example.replace("kind: simulator }", `${kind} }`));
    const unset = fakeProcess({ cwd });
    expect(await unset.run("validate", "p.yaml")).toBe(0);
    expect(unset.stdout()).toContain("warning missing_credential");
    expect(unset.stdout()).toContain("0 errors, 1 warning.");
    const set = fakeProcess({ cwd, env: { SOME_PROVIDER_KEY: "k-1" } });
    expect(await set.run("validate", "p.yaml")).toBe(0);
    expect(set.stdout()).not.toContain("warning missing_credential");
  });

  test("--env lays the overlay over the base, and finds its errors in it", async () => {
    await write("p.yaml", example);
    await write("p.prod.yaml", "use_cases:\n  support-chat: { deadline: soon }\n");
    const shell = fakeProcess({ cwd });
    expect(await shell.run("validate", "p.yaml", "--env", "prod")).toBe(1);
    expect(shell.stdout()).toContain("p.prod.yaml:2:29 error");
    expect(shell.stdout()).toContain("p.yaml + p.prod.yaml is not valid");
    expect(await fakeProcess({ cwd }).run("validate", "p.yaml")).toBe(0);
  });

  test("--env without an overlay is remarked, since it may be a slip", async () => {
    await write("p.yaml", example);
    const shell = fakeProcess({ cwd });
    expect(await shell.run("validate", "p.yaml", "--env", "prdo")).toBe(0);
    expect(shell.stderr()).toContain("no overlay for the environment prdo");
  });

  test.each([
    ["no file", "gone.yaml", "There is no file gone.yaml.", "pointsman init"],
    [
      "a folder without a policy",
      ".",
      "There is no policy.yaml in the folder .",
      "name another file inside it",
    ],
  ])("%s is wrong usage", async (_name, file, what, fix) => {
    const shell = fakeProcess({ cwd });
    expect(await shell.run("validate", file)).toBe(2);
    expect(shell.stderr()).toContain(what);
    expect(shell.stderr()).toContain(fix);
    expect(shell.stdout()).toBe("");
  });

  test("a pipe is refused without waiting for whoever writes to it", async () => {
    makePipe(join(cwd, "pipe.yaml"));
    const shell = fakeProcess({ cwd });
    expect(await shell.run("validate", "pipe.yaml")).toBe(2);
    expect(shell.stderr()).toContain("pipe.yaml is neither a file nor a folder.");
    expect(shell.stderr()).toContain("Name a regular file");
  });

  const secret = "sk-4f9a8b7c6d5e4f3a2b1c0d9e";
  test.each([
    ["found as a value", (text: string) => text.replace("name: example", `name: ${secret}`)],
    ["on a line with another finding", (text: string) => `${text}\nsecret_token: ${secret}\n`],
    ["in a text that is no YAML", (text: string) => `${text}\nkey: "${secret}\n`],
    ["before a stray bracket", (text: string) => `key: [${secret}\n${text}`],
  ])("a secret %s is not printed", async (_name, spoil) => {
    await write("p.yaml", spoil(example));
    for (const args of [
      ["validate", "p.yaml"],
      ["validate", "p.yaml", "--json"],
    ]) {
      const shell = fakeProcess({ cwd });
      expect(await shell.run(...args)).toBe(1);
      expect(shell.stdout() + shell.stderr()).not.toContain(secret);
    }
  });

  test("tests of the policy are run: how many passed, in words and in JSON", async () => {
    const tests =
      "tests:\n  - { name: t, request: { use_case: support-chat, caller: { tier: free } }, expect: { rule: free-tier } }\n";
    await write("p.yaml", `${example}\n${tests}`);
    const shell = fakeProcess({ cwd });
    expect(await shell.run("validate", "p.yaml")).toBe(0);
    expect(shell.stdout()).toContain("6 deployments, 1 test passed.");
    const json = fakeProcess({ cwd });
    expect(await json.run("validate", "p.yaml", "--json")).toBe(0);
    expect(JSON.parse(json.stdout())).toMatchObject({
      valid: true,
      findings: [],
      tests: { ran: true, total: 1, passed: 1, failed: 0, failures: [] },
    });
  });

  test("a test that fails makes the policy wrong: its line, what was promised, what came", async () => {
    const tests =
      "tests:\n  - { name: t, request: { use_case: support-chat }, expect: { rule: free-tier } }\n";
    await write("p.yaml", `${example}\n${tests}`);
    const shell = fakeProcess({ cwd });
    expect(await shell.run("validate", "p.yaml")).toBe(1);
    const [head, line, caret] = shell.stdout().split("\n");
    expect(head).toMatch(/error failed_test The test "t" expects the rule free-tier; the rule is \S+\.$/);
    expect(line?.slice(caret?.indexOf("^"))).toStartWith("free-tier }");
    expect(shell.stdout()).toContain("p.yaml is not valid: 1 error, 0 warnings. 1 of 1 test failed.");
    const json = fakeProcess({ cwd });
    expect(await json.run("validate", "p.yaml", "--json")).toBe(1);
    expect(JSON.parse(json.stdout())).toMatchObject({
      valid: false,
      tests: { ran: true, total: 1, passed: 0, failed: 1, failures: ["t"] },
    });
  });

  test("a policy that does not compile has no test run", async () => {
    await write("p.yaml", `${example.replace("kind: simulator", "kind: simulatr")}\ntests: []\n`);
    const shell = fakeProcess({ cwd });
    expect(await shell.run("validate", "p.yaml", "--json")).toBe(1);
    expect(JSON.parse(shell.stdout()).tests).toEqual({
      ran: false,
      total: 0,
      passed: 0,
      failed: 0,
      failures: [],
    });
  });

  test("a very long line is cut around the place", async () => {
    const long = `name: example # ${"x".repeat(500)}`;
    await write("p.yaml", example.replace("name: example", `${long}\n"nam\\q": 1`));
    const shell = fakeProcess({ cwd });
    expect(await shell.run("validate", "p.yaml")).toBe(1);
    expect(
      Math.max(
        ...shell
          .stdout()
          .split("\n")
          .filter((line) => line.includes(" | "))
          .map((line) => line.length),
      ),
    ).toBeLessThan(120);
  });
});
