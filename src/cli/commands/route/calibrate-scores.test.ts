import { beforeEach, expect, test } from "bun:test";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "yaml";
import { createScratch } from "../../../../test/scratch.ts";
import { fakeProcess } from "../../fake-ports.ts";

const scratch = createScratch();
let cwd = "";
beforeEach(() => {
  cwd = scratch.folder();
});

const HARD = "Prove the theorem and compare three approaches step by step.";
const LINES = [
  { prompt: HARD, weak_score: 0, strong_score: 1 },
  { question: `${HARD} Explain why.`, weak_score: false, strong_score: true },
  { prompt: "Hey", weak_score: 1, strong_score: 1 },
  { messages: [{ role: "user", content: "Thanks!" }], weak_score: 0.5, strong_score: 0.5 },
];

async function calibrate(lines: readonly unknown[], ...more: readonly string[]) {
  await writeFile(
    join(cwd, "s.jsonl"),
    lines.map((line) => (typeof line === "string" ? line : JSON.stringify(line))).join("\n"),
  );
  const shell = fakeProcess({ cwd });
  const code = await shell.run("route", "calibrate", "--scores", "s.jsonl", ...more);
  return { code, stdout: shell.stdout(), stderr: shell.stderr() };
}

test("prints APGR with its interval, CPT, the curve, and a rule that a policy takes", async () => {
  const { code, stdout, stderr } = await calibrate(
    LINES,
    "--large",
    "atlas-large",
    "--use-case",
    "support-chat",
  );
  expect(code).toBe(0);
  expect(stdout).toContain("Requests  4; performance 0.375 by the small model, 0.875 by the large one");
  expect(stdout).toMatch(/APGR {6}0\.75 \(95 %: 0\.\d+ to 0\.\d+\); lots 0\.5, best possible 0\.75/);
  expect(stdout).toContain("CPT(50)   25 %");
  expect(stdout).toContain("CPT(80)   50 %");
  const [rule] = parse(stdout.slice(stdout.indexOf("routes:"))).routes;
  expect(rule).toMatchObject({ use_case: "support-chat", ladder: { primary: "atlas-large" } });
  expect(rule.match.complexity).toMatch(/^>= 0\.\d+$/);
  expect(stderr).toContain("4 requests say little");
});

test("--json has the same figures", async () => {
  const { code, stdout } = await calibrate(LINES, "--recover", "0.5", "--json");
  expect(code).toBe(0);
  const report = JSON.parse(stdout);
  expect(report).toMatchObject({
    requests: 4,
    apgr: 0.75,
    cpt50: 0.25,
    cpt80: 0.5,
    recover: 0.5,
    share: 0.25,
  });
  expect(report.curve).toHaveLength(10);
  expect(report.threshold).toBeGreaterThan(0.3);
});

test("a large model that is no better leaves nothing to calibrate", async () => {
  const { code, stderr } = await calibrate([{ prompt: "Hey", weak_score: 1, strong_score: 1 }]);
  expect(code).toBe(1);
  expect(stderr).toContain("no better than the small one");
});

test.each([
  ["no JSON", ["{"], "record 1: is not valid JSON"],
  ["no scores", [LINES[0], { prompt: "Hey" }], "record 2: weak_score and strong_score must be numbers"],
  ["no prompt", [{ weak_score: 0, strong_score: 1 }], "holds neither a prompt nor messages"],
  ["nothing", [""], "s.jsonl holds no record"],
])("%s is wrong usage", async (_name, lines, said) => {
  const { code, stderr } = await calibrate(lines);
  expect(code).toBe(2);
  expect(stderr).toContain(said);
});

test("one of the two ways is asked for, and no mixture", async () => {
  const { code, stderr } = await calibrate(LINES, "--prompts", "s.jsonl");
  expect(code).toBe(2);
  expect(stderr).toContain("not clear what is to be calibrated");
});
