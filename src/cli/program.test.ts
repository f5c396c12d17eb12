import { describe, expect, test } from "bun:test";
import packageJson from "../../package.json" with { type: "json" };
import { fakeProcess } from "./fake-ports.ts";
import { createProgram, runCli } from "./program.ts";

const COMMANDS = [
  ["up"],
  ["init"],
  ["validate"],
  ["explain"],
  ["audit"],
  ["audit", "list"],
  ["audit", "tail"],
  ["audit", "verify"],
  ["decisions"],
  ["decisions", "list"],
  ["decisions", "tail"],
  ["decisions", "show"],
  ["decisions", "export"],
  ["doctor"],
  ["gameday"],
  ["gameday", "run"],
  ["gameday", "list"],
  ["gameday", "validate"],
  ["health"],
  ["health", "reset"],
  ["health", "force-open"],
  ["policy"],
  ["policy", "status"],
  ["policy", "history"],
  ["policy", "show"],
  ["policy", "diff"],
  ["policy", "push"],
  ["policy", "activate"],
  ["policy", "replicas"],
  ["policy", "rollback"],
  ["policy", "unpin"],
  ["policy", "alias"],
  ["policy", "alias", "list"],
  ["policy", "alias", "set"],
  ["policy", "alias", "release"],
  ["rollout"],
  ["rollout", "list"],
  ["rollout", "set"],
  ["rollout", "promote"],
  ["rollout", "abort"],
  ["rollout", "release"],
  ["route"],
  ["route", "score"],
  ["route", "calibrate"],
  ["simulate"],
  ["jobs"],
  ["jobs", "submit"],
  ["jobs", "list"],
  ["jobs", "show"],
  ["jobs", "cancel"],
  ["jobs", "redeliver"],
  ["jobs", "dead"],
  ["jobs", "replay"],
  ["jobs", "discard"],
  ["tickets"],
  ["tickets", "list"],
  ["tickets", "show"],
  ["tickets", "claim"],
  ["tickets", "answer"],
  ["tickets", "close"],
] as const;

describe("help", () => {
  test("the table above has every command that there is", async () => {
    const program = await createProgram(fakeProcess().ports, []);
    const namesOf = (command: Pick<typeof program, "commands">, before = ""): readonly string[] =>
      command.commands.flatMap((sub) => [before + sub.name(), ...namesOf(sub, `${before}${sub.name()} `)]);
    const names = namesOf(program);
    expect(names.toSorted()).toEqual(COMMANDS.map((path) => path.join(" ")).toSorted());
  });

  test.each(COMMANDS.map((path) => path.join(" ")))(
    "%p has at least two examples and exits with 0",
    async (path) => {
      const shell = fakeProcess();
      expect(await shell.run(...path.split(" "), "--help")).toBe(0);
      const calls = shell.stdout().match(/^ {2}\$ pointsman /gm) ?? [];
      expect(calls.length).toBeGreaterThanOrEqual(2);
      expect(shell.stdout()).toContain("--json");
    },
  );

  test("every example parses, up to the shell's own words", async () => {
    const help = fakeProcess();
    for (const path of COMMANDS) await help.run(...path, "--help");
    const calls = [...help.stdout().matchAll(/^ {2}\$ pointsman (.*)$/gm)].map((match) => match[1] ?? "");
    expect(calls.length).toBeGreaterThan(20);
    for (const call of calls) {
      const words = (call.split(/ [|>] | && /)[0] ?? "").match(/"[^"]*"|\S+/g) ?? [];
      const shell = fakeProcess();
      await shell.run(...words.map((word) => word.replaceAll('"', "")));
      expect(shell.stderr()).not.toContain("unknown");
      expect(shell.stderr()).not.toContain("internal error");
    }
  });

  test("a default stands there as one would write it", async () => {
    const help = fakeProcess();
    for (const path of ["up", "tickets claim"]) await help.run(...path.split(" "), "--help");
    const said = help.stdout().match(/\(default:\s+\d+\w*\)/g);
    expect(said).toEqual(["(default: 25s)", "(default: 0s)", "(default: 15m)"]);
  });

  test("the top help says what each exit code means", async () => {
    const shell = fakeProcess();
    expect(await shell.run("--help")).toBe(0);
    for (const code of ["0", "1", "2", "3", "70"]) {
      expect(shell.stdout()).toMatch(new RegExp(`^ {2}${code} +\\w`, "m"));
    }
  });

  test("--version prints the package's version", async () => {
    const shell = fakeProcess();
    expect(await shell.run("--version")).toBe(0);
    expect(shell.stdout()).toBe(`${packageJson.version}\n`);
  });
});

describe("wrong usage", () => {
  test.each([
    [["validat"], "validate"],
    [["decisions", "lst"], "list"],
    [["up", "--polcy", "x.yaml"], "--policy"],
    [["explain", "--use-cas", "x"], "--use-case"],
  ])("%p is answered with the near name", async (args, near) => {
    const shell = fakeProcess();
    expect(await shell.run(...args)).toBe(2);
    expect(shell.stderr()).toContain(`Did you mean ${near}?`);
    expect(shell.stderr()).toContain("fix:");
    expect(shell.stdout()).toBe("");
  });

  test.each([
    [[]],
    [["decisions"]],
    [["up", "stray"]],
    [["up", "--port", "65536"]],
    [["up", "--port", "-1"]],
    [["up", "--drain", "25"]],
    [["decisions", "list", "--limit", "501"]],
    [["decisions", "list", "--outcome", "perfect"]],
    [["decisions", "tail", "--count", "0"]],
    [["decisions", "show"]],
    [["explain", "Hey", "--role", "king"]],
  ])("%p exits with 2 and calls nothing", async (args) => {
    const shell = fakeProcess();
    expect(await shell.run(...args)).toBe(2);
    expect(shell.started).toEqual([]);
    expect(shell.asked).toEqual([]);
    expect(shell.stderr()).not.toBe("");
  });

  test("the value of a mistyped option is not repeated: it may be a key", async () => {
    const shell = fakeProcess();
    expect(await shell.run("health", "--api-ky=pm_live_verysecret")).toBe(2);
    expect(shell.stderr()).toContain("--api-ky");
    expect(shell.stderr()).not.toContain("verysecret");
  });
});

describe("a defect of the program", () => {
  const broken = async () => {
    throw new TypeError("it broke");
  };

  test("exits with 70 and asks for a report", async () => {
    const shell = fakeProcess({ serve: broken });
    expect(await shell.run("up")).toBe(70);
    expect(shell.stderr()).toContain("internal error: it broke");
    expect(shell.stderr()).not.toContain("    at ");
  });

  test("shows the trace under POINTSMAN_DEBUG", async () => {
    const shell = fakeProcess({ serve: broken, env: { POINTSMAN_DEBUG: "1" } });
    expect(await shell.run("up")).toBe(70);
    expect(shell.stderr()).toContain("    at ");
  });
});

test.each([
  [["validate", "--nope"], "unknown option '--nope'"],
  [["nope"], "unknown command 'nope'"],
  [[], "`pointsman` needs a command."],
  [["decisions"], "`pointsman decisions` needs a command."],
  [["policy", "alias"], "`pointsman policy alias` needs a command."],
])("wrong usage %p is a line of JSON with --json", async (args, message) => {
  const fake = fakeProcess({});
  expect(await runCli(["bun", "pointsman", ...args, "--json"], fake.ports)).toBe(2);
  expect(JSON.parse(fake.stderr())).toEqual({ error: { message, fix: expect.stringContaining("help") } });
});
