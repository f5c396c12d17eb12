import { beforeEach, describe, expect, test } from "bun:test";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createScratch } from "../../../test/scratch.ts";
import { BASE_POLICY } from "../../policy/fake-policy.ts";
import { fakeDecision } from "../fake-decision.ts";
import { type Asked, fakeProcess } from "../fake-ports.ts";

const DECISION = fakeDecision(1);

const ROUTED = {
  ...DECISION,
  useCase: "chat",
  contract: {},
  routing: {
    role: "caller",
    inputTokens: 12,
    messages: 1,
    planned: { rule: "default", first: { rung: "primary", model: "large", deployment: "large-us" } },
  },
  attempts: [{ ...DECISION.attempts.at(-1), model: "large" }],
};
const CHEAP = `${BASE_POLICY}routes: [{ name: cheap, ladder: { primary: small } }]\n`;

const scratch = createScratch();
let cwd = "";
beforeEach(async () => {
  cwd = scratch.folder();
  await writeFile(join(cwd, "same.yaml"), BASE_POLICY);
  await writeFile(join(cwd, "cheap.yaml"), CHEAP);
});

const write = (name: string, ...lines: readonly unknown[]) =>
  writeFile(
    join(cwd, name),
    lines.map((line) => (typeof line === "string" ? line : JSON.stringify(line))).join("\n"),
  );

async function replay(...args: readonly string[]) {
  const shell = fakeProcess({ cwd });
  const code = await shell.run("explain", "--replay", ...args);
  return { code, stdout: shell.stdout(), stderr: shell.stderr(), asked: shell.asked };
}

describe("explain --replay of a file", () => {
  test("says that nothing changes, and a pipeline may go on", async () => {
    await write("d.jsonl", ROUTED, ROUTED);
    const { code, stdout, asked } = await replay("d.jsonl", "--policy", "same.yaml", "--fail-on-change");
    expect(code).toBe(0);
    expect(stdout).toContain("2 read, 2 replayed");
    expect(stdout).toContain("0 requests (0 %)");
    expect(asked).toEqual([]);
  });

  test("draws what goes elsewhere with an example and the difference in cost", async () => {
    await write("d.jsonl", ROUTED, "", ROUTED);
    const { code, stdout } = await replay("d.jsonl", "--policy", "cheap.yaml");
    expect(code).toBe(0);
    expect(stdout).toContain("2 requests (100 %)");
    expect(stdout).toMatch(/2 +chat +large-us, rule default +small-us, rule cheap +-\$0\.\d+ +dec_/);
    expect(stdout).toMatch(/Cost +\$0\.\d+ then, \$0\.\d+ now: -\$0\.\d+, for the tokens of 2 requests/);
  });

  test("--fail-on-change ends with 1, --fail-on-refusal does not mind a move", async () => {
    await write("d.jsonl", ROUTED);
    expect((await replay("d.jsonl", "--policy", "cheap.yaml", "--fail-on-change")).code).toBe(1);
    expect((await replay("d.jsonl", "--policy", "cheap.yaml", "--fail-on-refusal")).code).toBe(0);
    await writeFile(join(cwd, "renamed.yaml"), BASE_POLICY.replace("  chat:", "  talk:"));
    const refused = await replay("d.jsonl", "--policy", "renamed.yaml", "--fail-on-refusal");
    expect(refused.code).toBe(1);
    expect(refused.stdout).toContain("1 request would be refused that was not");
    expect(refused.stdout).toContain("refused (model_not_found)");
  });

  test("--json has the whole report; what cannot be replayed is counted with its reason", async () => {
    const { routing: _old, ...older } = ROUTED;
    const page = { decisions: [ROUTED, ROUTED], cursor: null };
    await write("d.jsonl", `\uFEFF${JSON.stringify(ROUTED)}\r`, older, "{ broken", { hello: 1 }, page, "");
    const { code, stdout } = await replay("d.jsonl", "--policy", "cheap.yaml", "--json");
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      records: 6,
      replayed: 3,
      changed: 3,
      notReplayable: { older_record: 1, not_json: 1, not_a_record: 1 },
      groups: [{ count: 3, before: { model: "large" }, after: { model: "small", rule: "cheap" } }],
    });
  });

  test("what the candidate shortens is left out: who would answer hangs on words that are on no record", async () => {
    const long = { ...ROUTED, routing: { ...ROUTED.routing, inputTokens: 5000, messages: 9 } };
    await write("d.jsonl", ROUTED, long);
    await writeFile(
      join(cwd, "cut.yaml"),
      BASE_POLICY.replace("    ladder:", "    on_overflow: [truncate_oldest]\n    ladder:"),
    );
    const { stdout } = await replay("d.jsonl", "--policy", "cut.yaml");
    expect(stdout).toContain("2 read, 1 replayed");
    expect(stdout).toContain("1 left out: this policy shortens them, and what they said is on no record");
  });

  test("where nothing can be replayed nothing was proved: that is no success", async () => {
    await write("d.jsonl", "{}");
    const { code, stderr } = await replay("d.jsonl", "--policy", "same.yaml");
    expect(code).toBe(1);
    expect(stderr).toContain("Not one record could be replayed");
  });

  test("standard input will do", async () => {
    const shell = fakeProcess({ cwd, stdin: `${JSON.stringify(ROUTED)}\n` });
    expect(await shell.run("explain", "--replay", "-", "--policy", "same.yaml")).toBe(0);
    expect(shell.stdout()).toContain("1 read, 1 replayed");
  });

  test.each([
    ["no such file", ["gone.jsonl", "--policy", "same.yaml"], 2, "There is no file gone.jsonl."],
    ["a folder", [".", "--policy", "same.yaml"], 2, ". is a directory."],
    ["no such policy", ["d.jsonl", "--policy", "gone.yaml"], 2, "There is no file gone.yaml."],
    ["neither file nor time", ["--policy", "same.yaml"], 2, "It is not clear which records"],
    ["both", ["d.jsonl", "--since", "1h", "--policy", "same.yaml"], 2, "It is not clear which records"],
    ["a time that is none", ["--since", "soon", "--policy", "same.yaml"], 2, "Give how long ago"],
  ])("%s is wrong usage", async (_name, args, exit, said) => {
    await write("d.jsonl", ROUTED);
    const { code, stderr } = await replay(...args);
    expect(code).toBe(exit);
    expect(stderr).toContain(said);
  });

  test("a candidate that is not valid is told with its findings", async () => {
    await write("d.jsonl", ROUTED);
    await writeFile(join(cwd, "bad.yaml"), BASE_POLICY.replace("fallback: [small]", "fallback: [smal]"));
    const { code, stderr } = await replay("d.jsonl", "--policy", "bad.yaml");
    expect(code).toBe(1);
    expect(stderr).toContain('Did you mean "small"?');
  });
});

describe("explain --replay of a running gateway", () => {
  test("sends the candidate and the time, and draws the answer", async () => {
    await write("d.jsonl", ROUTED);
    const report = JSON.parse((await replay("d.jsonl", "--policy", "cheap.yaml", "--json")).stdout);
    const at = 1_700_003_600_000;
    const gateway = ({ path }: Asked) =>
      Response.json(path === "/admin/health" ? { at, deployments: [] } : { ...report, cursor: "dec_9" });
    const shell = fakeProcess({ cwd, gateway });
    const args = ["--since", "24h", "--until", "2026-03-01", "--use-case", "chat", "--limit", "500"];
    const code = await shell.run(
      "explain",
      "--replay",
      ...args,
      "--policy",
      "cheap.yaml",
      "--fail-on-change",
    );
    expect(code).toBe(1);
    expect(shell.asked[1]).toMatchObject({ method: "POST", path: "/admin/explain/replay" });
    expect(shell.asked[1]?.body).toEqual({
      policy: CHEAP,
      since: new Date(at - 86_400_000).toISOString(),
      until: "2026-03-01T00:00:00.000Z",
      use_case: "chat",
      limit: 500,
    });
    expect(shell.stdout()).toContain("small-us, rule cheap");
    expect(shell.stderr()).toContain("there are more records");
  });
});
