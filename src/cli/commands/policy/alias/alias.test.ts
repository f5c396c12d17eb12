import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BASE_POLICY } from "../../../../policy/fake-policy.ts";
import { type FakeProcessOptions, fakeProcess } from "../../../fake-ports.ts";

const POLICY = `${BASE_POLICY.replace("primary: large@us-east-1", "primary: best")}model_aliases:\n  best: large # ours\n`;
let cwd = "";
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), "pointsman-alias-"));
});
afterAll(() => rm(cwd, { recursive: true, force: true }));

async function shellWith(text: string | null, options: FakeProcessOptions = {}) {
  const file = join(cwd, "pointsman.yaml");
  await rm(file, { force: true });
  if (text !== null) await writeFile(file, text);
  return { shell: fakeProcess({ cwd, ...options }), read: () => readFile(file, "utf8") };
}

describe("a policy in a file here", () => {
  test("set changes one word and nothing else; explain shows what it stands for", async () => {
    const { shell, read } = await shellWith(POLICY);
    expect(await shell.run("policy", "alias", "set", "best", "small")).toBe(0);
    expect(await read()).toBe(POLICY.replace("best: large", "best: small"));
    expect(shell.stdout()).toContain("model_aliases.best: large → small");
    const { shell: next } = await shellWith(POLICY);
    expect(await next.run("explain", "Hello")).toBe(0);
    expect(next.stdout()).toMatch(/1 primary +best → large \(version unversioned\)/);
  });

  test("again changes nothing; --dry-run --json says what would", async () => {
    const { shell, read } = await shellWith(POLICY);
    expect(await shell.run("policy", "alias", "set", "best", "large")).toBe(0);
    expect(shell.stdout()).toContain("Nothing to change: best is so already.");
    const { shell: dry } = await shellWith(POLICY);
    expect(await dry.run("policy", "alias", "set", "best", "small", "--dry-run", "--json")).toBe(0);
    expect(JSON.parse(dry.stdout())).toMatchObject({ result: "dry_run", alias: "best" });
    expect(await read()).toBe(POLICY);
  });

  test.each([
    [["best", "smal"], 'Did you mean "small"?'],
    [["bets", "small"], "policy alias list"],
  ])("%p is refused", async (args, words) => {
    const { shell, read } = await shellWith(POLICY);
    expect(await shell.run("policy", "alias", "set", ...args)).toBe(1);
    expect(shell.stderr()).toContain(words);
    expect(await read()).toBe(POLICY);
  });

  test("one with a note needs another", async () => {
    const noted = POLICY.replace("best: large", "best: { model: large, note: EV-1 }");
    const { shell } = await shellWith(noted);
    expect(await shell.run("policy", "alias", "set", "best", "small")).toBe(1);
    expect(shell.stderr()).toContain("--note");
    const { shell: next, read } = await shellWith(noted);
    expect(await next.run("policy", "alias", "set", "best", "small", "--note", "EV-2")).toBe(0);
    expect(await read()).toContain("best: { model: small, note: EV-2 }");
  });
});

describe("a policy of a gateway", () => {
  const answer = {
    result: "applied",
    alias: "best",
    where: "override",
    file: "policy.yaml",
    changes: ["model_aliases.best: large → small"],
    summary: [],
    version: "test@2",
    previousVersion: "test@1",
  };

  test.each([
    [["set", "best", "small", "--note", "EV-2"], { model: "small", note: "EV-2" }],
    [["release", "best"], {}],
  ])("%p", async (args, body) => {
    const { shell } = await shellWith(null, { gateway: () => Response.json(answer) });
    expect(await shell.run("policy", "alias", ...args)).toBe(0);
    expect(shell.asked).toMatchObject([{ path: `/admin/model-aliases/best/${args[0]}`, body }]);
    expect(shell.stdout()).toContain(args[0] === "set" ? "Laid an order over" : "Took the order back");
    expect(shell.stdout().includes("`pointsman policy alias release`")).toBe(args[0] === "set");
  });

  test("list: a row for each, and who has moved it", async () => {
    const row = {
      model: "large",
      version: "2026-05",
      status: "approved",
      useCases: ["chat"],
      override: null,
    };
    const override = {
      rollout: "alias:fast",
      verb: "move",
      values: ["large"],
      at: 1,
      actor: "ops",
      note: null,
    };
    const aliases = [
      { alias: "best", note: "EV-1", ...row },
      { alias: "fast", note: null, ...row, override },
    ];
    const { shell } = await shellWith(null, { gateway: () => Response.json({ aliases }) });
    expect(await shell.run("policy", "alias", "list")).toBe(0);
    expect(shell.stdout()).toMatch(/best +large +2026-05 +approved +chat +EV-1/);
    expect(shell.stdout()).toMatch(/fast .*by order of ops/);
    const { shell: none } = await shellWith(null, { gateway: () => Response.json({ aliases: [] }) });
    expect(await none.run("policy", "alias", "list")).toBe(0);
    expect(none.stdout()).toContain("no model aliases");
  });
});
