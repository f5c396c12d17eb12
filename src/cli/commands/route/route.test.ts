import { beforeEach, describe, expect, test } from "bun:test";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "yaml";
import { createScratch } from "../../../../test/scratch.ts";
import { COMPLEXITY_VERSION } from "../../../policy/estimates/complexity.ts";
import { fakeProcess } from "../../fake-ports.ts";

const scratch = createScratch();
let cwd = "";
beforeEach(() => {
  cwd = scratch.folder();
});

const EASY = ["Hey", "Thanks!", "What is the capital of France?", "Hello there"];
const HARD = [
  "Prove the theorem and compare three approaches step by step.",
  "Design a distributed rate limiter, evaluate the trade-offs and write a comprehensive report.",
];
const calibrate = (file: string, share: string, ...more: readonly string[]) => {
  const shell = fakeProcess({ cwd });
  const args = ["route", "calibrate", "--prompts", file, "--target-share", share, ...more];
  return { shell, ran: shell.run(...args) };
};

describe("route calibrate", () => {
  test("parts a sample at the share, and prints a rule that a policy takes", async () => {
    await writeFile(join(cwd, "p.txt"), `${[...EASY, ...HARD].join("\n")}\n\n`);
    const { shell, ran } = calibrate("p.txt", "0.33", "--large", "atlas-large", "--use-case", "support-chat");
    expect(await ran).toBe(0);
    expect(shell.stdout()).toMatch(
      /^complexity >= 0\.\d+ holds for 2 of 6 prompts: 33\.3 % \(asked for 33 %\)\./,
    );
    expect(shell.stdout()).toMatch(/lowest 0\.\d+ · p10 .* · highest 0\.\d+/);
    expect(shell.stdout()).toMatch(/0\.0 – 0\.1 {2}█+ 4/);
    const [rule] = parse(shell.stdout().slice(shell.stdout().indexOf("routes:"))).routes;
    expect(rule).toMatchObject({ use_case: "support-chat", ladder: { primary: "atlas-large" } });
    expect(rule.match.complexity).toMatch(/^>= 0\.\d+$/);
    expect(shell.stderr()).toContain("6 prompts say little");
  });

  test("--json has the same figures", async () => {
    await writeFile(join(cwd, "p.txt"), [...EASY, ...HARD].join("\r\n"));
    const { shell, ran } = calibrate("p.txt", "0.33", "--json");
    expect(await ran).toBe(0);
    const report = JSON.parse(shell.stdout());
    expect(report).toMatchObject({
      complexityVersion: COMPLEXITY_VERSION,
      prompts: 6,
      targetShare: 0.33,
      selected: 2,
    });
    expect(report.threshold).toBeGreaterThan(0.1);
    expect(report.range).toBe(`>= ${report.threshold}`);
    expect(report.distribution.tenths[0]).toBe(4);
    expect(parse(report.rule).routes[0].match.complexity).toBe(report.range);
  });

  test("JSON lines may be text, prompts or chat bodies with their tools", async () => {
    const lines = [
      JSON.stringify(EASY[0]),
      JSON.stringify({ prompt: HARD[0] }),
      "",
      JSON.stringify({ question: EASY[2], id: 7 }),
      JSON.stringify({ messages: [{ role: "user", content: HARD[1] }], tools: [] }),
    ];
    await writeFile(join(cwd, "p.jsonl"), `\uFEFF${lines.join("\n")}`);
    const { shell, ran } = calibrate("p.jsonl", "0.5", "--json");
    expect(await ran).toBe(0);
    expect(JSON.parse(shell.stdout())).toMatchObject({ prompts: 4, selected: 2, share: 0.5 });
  });

  test("none and all can be asked for", async () => {
    await writeFile(join(cwd, "p.txt"), EASY.join("\n"));
    const none = calibrate("p.txt", "0", "--json");
    expect(await none.ran).toBe(0);
    expect(JSON.parse(none.shell.stdout())).toMatchObject({ threshold: null, selected: 0 });
    const all = calibrate("p.txt", "1", "--json");
    expect(await all.ran).toBe(0);
    expect(JSON.parse(all.shell.stdout())).toMatchObject({ threshold: 0, selected: 4, range: ">= 0" });
  });

  test("prompts that cannot be parted are remarked", async () => {
    await writeFile(join(cwd, "p.txt"), Array(200).fill("Hey").join("\n"));
    const { shell, ran } = calibrate("p.txt", "0.3");
    expect(await ran).toBe(0);
    expect(shell.stderr()).toContain("cannot be parted");
    expect(shell.stderr()).not.toContain("say little");
  });

  test.each([
    ["no file", "gone.txt", null, "There is no file gone.txt."],
    ["an empty file", "p.txt", "\n \n", "p.txt holds no prompt."],
    ["an empty file of JSON", "p.jsonl", "", "p.jsonl holds no prompt."],
    ["a line that is no JSON", "p.jsonl", '"a"\n\n{"prompt": ', "p.jsonl:3: the line is not valid JSON."],
    [
      "a line without a prompt",
      "p.jsonl",
      '{"prompt": 3}',
      "p.jsonl:1: the line holds neither a prompt nor messages.",
    ],
    ["a line that is null", "p.ndjson", '"a"\nnull', "p.ndjson:2: the line holds neither"],
    ["a body that no gateway takes", "p.jsonl", '{"messages": "Hey"}', "p.jsonl:1: "],
  ])("%s is wrong usage", async (_name, file, text, said) => {
    if (text !== null) await writeFile(join(cwd, file), text);
    const { shell, ran } = calibrate(file, "0.3");
    expect(await ran).toBe(2);
    expect(shell.stderr()).toContain(said);
    expect(shell.stderr()).toContain("fix: ");
    expect(shell.stdout()).toBe("");
  });

  test.each(["1.01", "-0.1", "30%", "", "NaN"])("a share of %p is wrong usage", async (share) => {
    await writeFile(join(cwd, "p.txt"), "Hey");
    const { shell, ran } = calibrate("p.txt", share);
    expect(await ran).toBe(2);
    expect(shell.stderr()).toContain("Give a share from 0 to 1");
  });
});

describe("route score", () => {
  test("shows the score, the language and what made it, the strongest first", async () => {
    const shell = fakeProcess({ cwd });
    expect(await shell.run("route", "score", HARD[0] ?? "")).toBe(0);
    const lines = shell.stdout().split("\n");
    expect(lines[0]).toMatch(new RegExp(`^Complexity {2}0\\.\\d+ \\(version ${COMPLEXITY_VERSION}\\)$`));
    expect(lines[1]).toBe("Language    en");
    expect(lines[3]).toMatch(/^feature +value +weight +adds$/);
    expect(lines[4]).toMatch(/^reasoning +0\.\d\d +2\.6 +\+\d\.\d\d$/);
    expect(lines.at(-2)).toMatch(/^base +-2\.90$/);
  });

  test("--json has every feature, and - reads standard input", async () => {
    const shell = fakeProcess({ cwd, stdin: "Wo ist mein Paket?" });
    expect(await shell.run("route", "score", "-", "--json")).toBe(0);
    const report = JSON.parse(shell.stdout());
    expect(report).toMatchObject({ version: COMPLEXITY_VERSION, language: "de", bias: expect.any(Number) });
    expect(report.contributions.length).toBeGreaterThan(10);
  });
});
