import { describe, expect, test } from "bun:test";
import { chmod, lstat, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createScratch } from "../../../../test/scratch.ts";
import { BASE_POLICY } from "../../../policy/fake-policy.ts";
import { type FakeProcessOptions, fakeProcess } from "../../fake-ports.ts";

const POLICY = `${BASE_POLICY}rollouts:\n  - name: try # ours\n    canary: { candidate: small, weight: 5, steps: [5, 50] }\n`;
const cwd = createScratch().folder();

async function shellWith(text: string | null, options: FakeProcessOptions = {}) {
  const file = join(cwd, "pointsman.yaml");
  await rm(file, { force: true });
  if (text !== null) await writeFile(file, text);
  return { shell: fakeProcess({ cwd, ...options }), read: () => readFile(file, "utf8"), file };
}

describe("a policy in a file here", () => {
  test("set, promote and abort change one number and nothing else", async () => {
    const { shell, read } = await shellWith(POLICY);
    expect(await shell.run("rollout", "set", "try", "--weight", "25")).toBe(0);
    expect(await read()).toBe(POLICY.replace("weight: 5,", "weight: 25,"));
    expect(shell.stdout()).toContain("rollouts[0].canary.weight: 5 → 25");
    expect(await shell.run("rollout", "promote", "try")).toBe(0);
    expect(await read()).toContain("weight: 50, steps");
    expect(await shell.run("rollout", "abort", "try")).toBe(0);
    expect(await read()).toBe(POLICY.replace("weight: 5,", "weight: 0,"));
    expect(shell.asked).toEqual([]);
  });

  test("again changes nothing and says so", async () => {
    const { shell, read } = await shellWith(POLICY);
    expect(await shell.run("rollout", "set", "try", "--weight", "5%")).toBe(0);
    expect(shell.stdout()).toContain("Nothing to change");
    expect(await read()).toBe(POLICY);
  });

  test("--dry-run writes nothing; --json says what would change", async () => {
    const { shell, read } = await shellWith(POLICY);
    expect(await shell.run("rollout", "promote", "try", "--full", "--dry-run", "--json")).toBe(0);
    expect(JSON.parse(shell.stdout())).toMatchObject({
      result: "dry_run",
      rollout: "try",
      changes: ["rollouts[0].canary.weight: 5 → 100"],
    });
    expect(await read()).toBe(POLICY);
  });

  test("a link stays one, and so do permissions", async () => {
    const { shell, file } = await shellWith(null);
    const target = join(cwd, "elsewhere.yaml");
    await writeFile(target, POLICY);
    await chmod(target, 0o640);
    await symlink(target, file);
    expect(await shell.run("rollout", "abort", "try")).toBe(0);
    expect((await lstat(file)).isSymbolicLink()).toBe(true);
    expect((await stat(target)).mode & 0o777).toBe(0o640);
    expect(await readFile(target, "utf8")).toContain("weight: 0,");
  });

  test.each([
    [["set", "trie", "--weight", "1"], 1, 'Did you mean "try"?'],
    [["set", "try", "--weight", "101"], 2, "from 0 to 100"],
    [["set", "try"], 2, "--weight"],
    [["set", "try", "--weight", "1", "--arm", "stabel"], 1, '"stable"'],
    [["abort", "try", "--policy", "gone.yaml"], 2, "gone.yaml"],
  ])("%p ends with %d", async (args, code, part) => {
    const { shell, read } = await shellWith(POLICY);
    expect(await shell.run("rollout", ...args)).toBe(code);
    expect(shell.stderr()).toContain(part);
    expect(await read()).toBe(POLICY);
  });
});

describe("a policy in a file here that a gateway refuses", () => {
  const broken = POLICY.replace("fallback: [small]", "fallback: [smal]");

  test("is changed, and nobody takes that for live", async () => {
    const { shell, read } = await shellWith(broken);
    expect(await shell.run("rollout", "abort", "try")).toBe(1);
    expect(await read()).toContain("weight: 0,");
    expect(shell.stdout()).toContain("rollouts[0].canary.weight: 5 → 0");
    expect(shell.stdout()).not.toContain("follows within a second");
    expect(shell.stderr()).toContain('There is no model "smal"');
    expect(shell.stderr()).toMatch(
      /1 error was there before, and a gateway refuses .*pointsman\.yaml for it/,
    );
    expect(shell.stderr()).toContain("--url changes the running gateway");
  });

  test.each([["again"], ["--dry-run"], ["--json"]])("%s: the same is said", async (how) => {
    const text = how === "again" ? broken.replace("weight: 5", "weight: 0") : broken;
    const { shell } = await shellWith(text);
    expect(await shell.run("rollout", "abort", "try", ...(how === "again" ? [] : [how]))).toBe(1);
    expect(shell.stderr()).toContain("a gateway refuses");
  });

  test("for a test of its own that fails", async () => {
    const { shell } = await shellWith(
      `${POLICY}tests: [{ name: a, request: { use_case: chat, text: hi }, expect: { rule: other } }]\n`,
    );
    expect(await shell.run("rollout", "abort", "try")).toBe(1);
    expect(shell.stderr()).toContain("a gateway refuses");
  });

  test("what this machine alone lacks is no error: keys and secrets count as there", async () => {
    const keys = "keys: [{ id: a, env: K, tenant: t }, { id: b, env: L, tenant: t }]\n";
    const { shell } = await shellWith(POLICY + keys, { env: { K: "pm_same", L: "pm_same" } });
    expect(await shell.run("rollout", "abort", "try")).toBe(0);
    expect(shell.stdout()).toContain("follows within a second");
  });
});

describe("a policy of a gateway", () => {
  const answer = (where: string, result = "applied"): unknown => ({
    result,
    rollout: "try",
    where,
    file: "policy.yaml",
    changes: ["rollouts[0].canary.weight: 5 → 25"],
    summary: [],
    version: "test@2",
    previousVersion: "test@1",
  });

  test("is changed by the gateway: in its store", async () => {
    const { shell } = await shellWith(null, { gateway: () => Response.json(answer("store")) });
    expect(await shell.run("rollout", "set", "try", "--weight", "25", "--note", "so far so good")).toBe(0);
    expect(shell.asked).toMatchObject([
      { path: "/admin/rollouts/try/set", body: { weight: 25, note: "so far so good" } },
    ]);
    expect(shell.stdout()).toBe(
      "Changed policy.yaml:\n  rollouts[0].canary.weight: 5 → 25\ntest@2 is in force.\n",
    );
  });

  test.each([
    [["promote", "try", "--full"], { full: true }],
    [["promote", "try", "--arm", "b"], { full: false, arm: "b" }],
    [["abort", "try"], {}],
    [["abort", "try", "--dry-run"], { dry_run: true }],
    [["release", "try"], {}],
  ])("%p, where it is named, though there is a file here", async (args, body) => {
    const { shell, read } = await shellWith(POLICY, { gateway: () => Response.json(answer("override")) });
    expect(await shell.run("rollout", ...args, "--url", "http://gateway")).toBe(0);
    expect(shell.asked).toMatchObject([{ path: `/admin/rollouts/try/${args[0]}`, body }]);
    expect(shell.stdout()).toMatch(/Laid an order over|Would say over|Took the order back/);
    expect(await read()).toBe(POLICY);
  });

  test("the gateway that POINTSMAN_URL names, though there is a file here", async () => {
    const env = { POINTSMAN_URL: "http://gateway" };
    const { shell, read } = await shellWith(POLICY, {
      gateway: () => Response.json(answer("override")),
      env,
    });
    expect(await shell.run("rollout", "abort", "try")).toBe(0);
    expect(shell.asked).toMatchObject([{ path: "/admin/rollouts/try/abort" }]);
    expect(await read()).toBe(POLICY);
    expect(await shell.run("rollout", "abort", "try", "--policy", "pointsman.yaml")).toBe(0);
    expect(shell.asked).toHaveLength(1);
    expect(await read()).not.toBe(POLICY);
  });

  test("a refusal says why; --json prints the answer", async () => {
    const error = {
      message: "There is no rollout of that name.",
      type: "not_found",
      code: "unknown_rollout",
    };
    const refusing = await shellWith(null, {
      gateway: () => Response.json({ error, request_id: "r" }, { status: 404 }),
    });
    expect(await refusing.shell.run("rollout", "abort", "tri")).toBe(1);
    expect(refusing.shell.stderr()).toContain("no rollout of that name");
    const { shell } = await shellWith(null, { gateway: () => Response.json(answer("store", "unchanged")) });
    expect(await shell.run("rollout", "abort", "try", "--json")).toBe(0);
    expect(JSON.parse(shell.stdout())).toMatchObject({ result: "unchanged", where: "store" });
  });
});

describe("list", () => {
  const figures = {
    requests: 20,
    share: 5.04,
    failed: 1,
    degraded: 0,
    firstTokenP95Ms: 812,
    durationP95Ms: 900,
    cost: 1_500_000,
    unpriced: 0,
    formatAsked: 10,
    formatValid: 9,
  };
  const arm = { arm: "candidate", weight: 5, model: "small", prompt: "p@3", ...figures };
  const answer = {
    rollouts: [
      { rollout: "try", kind: "canary", useCases: ["chat"], condition: null, sticky: "caller", arms: [arm] },
    ],
    decisions: 400,
    since: 1,
  };

  test("a row for each arm", async () => {
    const shell = fakeProcess({ gateway: () => Response.json(answer) });
    expect(await shell.run("rollout", "list", "--last", "400")).toBe(0);
    expect(shell.asked[0]?.path).toBe("/admin/rollouts?last=400");
    for (const part of [
      "try",
      "candidate",
      "small, p@3",
      "5 %",
      "5.0 %",
      "1 (5.0 %)",
      "812 ms",
      "0.0015",
      "90.0 %",
      "400 decisions",
    ])
      expect(shell.stdout()).toContain(part);
  });

  test("--json prints it as it came; none is said in words", async () => {
    const shell = fakeProcess({ gateway: () => Response.json(answer) });
    expect(await shell.run("rollout", "list", "--json")).toBe(0);
    expect(JSON.parse(shell.stdout())).toEqual(answer);
    const none = fakeProcess({ gateway: () => Response.json({ rollouts: [], decisions: 0, since: null }) });
    expect(await none.run("rollout", "list")).toBe(0);
    expect(none.stdout()).toContain("no rollouts");
  });
});

describe("explain", () => {
  const run = async (...args: readonly string[]) => {
    const { shell } = await shellWith(
      `${POLICY}  - { name: copy, shadow: { candidate: small, share: 100, max_cost_usd_per_hour: 1 } }\nflags: { fast: {} }\n`,
    );
    const code = await shell.run("explain", ...args);
    return { code, stdout: shell.stdout(), stderr: shell.stderr() };
  };

  test("shows the arm, its key's place, shadows and flags", async () => {
    const { code, stdout } = await run("Hello");
    expect(code).toBe(0);
    expect(stdout).toMatch(/Rollout +try\/(stable|candidate) canary, by weight, sticky by caller_and_user/);
    expect(stdout).toMatch(/candidate +5 % +has this key from [\d.]+ % on/);
    expect(stdout).toMatch(/Shadows[\s\S]*copy +small-us +small/);
    expect(stdout).toMatch(/Flags[\s\S]*fast +false +off +DEFAULT/);
  });

  test("--arm asks what another arm would do; one that is none is refused", async () => {
    const asked = await run("--arm", "try/candidate");
    expect(asked.stdout).toContain("as asked with --arm");
    expect(asked.stdout).toMatch(/1 primary +small/);
    const wrong = await run("--arm", "try/candidat");
    expect(wrong.code).toBe(1);
    expect(wrong.stderr).toContain('Did you mean "try/candidate"?');
  });
});
