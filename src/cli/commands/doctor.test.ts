import { beforeEach, describe, expect, test } from "bun:test";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createScratch } from "../../../test/scratch.ts";
import { type CheckResult, NOT_ASKED } from "../../control/doctor/check-result.ts";
import { type FakeProcessOptions, fakeProcess } from "../fake-ports.ts";

const ESCAPE = "\u001b";
const SECRET = "sk-4f9a8b7c6d5e4f3a2b1c0d9e";

const POLICY = `version: 1
name: doctored
providers:
  one: { kind: openai, credential: { env: ONE_KEY } }
  two: { kind: anthropic, credential: { env: TWO_KEY } }
  unused: { kind: gemini, credential: { env: UNUSED_KEY } }
models: { chat: { context_window: 1000 } }
deployments:
  gpt: { model: chat, provider: one, model_id: g, region: us-east-1 }
  claude: { model: chat, provider: two, model_id: c, region: eu-west-1 }
use_cases: { chat: { ladder: { primary: chat, degraded: [{ busy: { message: Later. } }] } } }
`;

const GOOD: readonly CheckResult[] = [
  { deployment: "gpt", check: "credential", status: "ok", message: "The key is there." },
  { deployment: "gpt", check: "model", status: "ok", message: "Answered in 5 ms.", latencyMs: 5 },
  { deployment: "claude", check: "model", status: "skipped", message: "simulated: nothing to check" },
];
const BAD: CheckResult = {
  deployment: "claude",
  check: "address",
  status: "failed",
  message: `No address ${ESCAPE}[31m.`,
  fix: "Give it one.",
};

const scratch = createScratch();
let cwd = "";
beforeEach(async () => {
  cwd = scratch.folder();
  await writeFile(join(cwd, "pointsman.yaml"), POLICY);
});

const shellWith = (options: FakeProcessOptions) =>
  fakeProcess({ cwd, env: { ONE_KEY: SECRET, TWO_KEY: SECRET }, ...options });

describe("doctor", () => {
  test("draws each deployment with its marks, the fixes, and a summary; exit code 1 on a failure", async () => {
    const shell = shellWith({ findings: [...GOOD, BAD] });
    expect(await shell.run("doctor")).toBe(1);
    expect(shell.stdout()).toBe(`${findingsOf(shell.stdout())}
  ! policy      The policy ${versionIn(shell.stdout())} is valid, with warnings.
      fix: Each is said by itself, or at the deployment it is about.

gpt  chat · one · us-east-1
  ✓ credential  The key is there.
  ✓ model       Answered in 5 ms.

claude  chat · two · eu-west-1
  - model       simulated: nothing to check
  ✗ address     No address  [31m.
      fix: Give it one.

2 ok, 1 warning, 1 failed, 1 skipped.
`);
    expect(shell.stderr()).toBe("");
  });

  test("exit code 0 when nothing failed, with warnings too", async () => {
    const warned: CheckResult = { ...BAD, status: "warning" };
    expect(await shellWith({ findings: [...GOOD, warned] }).run("doctor")).toBe(0);
  });

  test("says a finding once: at its deployment, or by itself where there is none", async () => {
    const shell = shellWith({ env: {} });
    await shell.run("doctor");
    expect(shell.stdout()).toContain("UNUSED_KEY");
    expect(shell.stdout()).not.toContain("ONE_KEY");
    expect(shell.stdout()).not.toContain("unpriced_model");
  });

  test("colours on a terminal alone, and says there that it may take a while", async () => {
    const shell = shellWith({ findings: [...GOOD, BAD], isTty: true });
    await shell.run("doctor");
    expect(shell.stdout()).toContain(ESCAPE);
    expect(shell.stderr()).toBe("checking 2 deployments; each step may take 10 s …\n");
    const plain = shellWith({ findings: [...GOOD, BAD], isTty: true });
    await plain.run("doctor", "--no-color", "--only", "gpt", "--timeout", "500ms");
    expect(plain.stdout()).not.toContain(ESCAPE);
    expect(plain.stderr()).toBe("checking 1 deployment; each step may take 0.5 s …\n");
  });

  test("--json is one object at the end, without a secret", async () => {
    const shell = shellWith({ findings: [...GOOD, BAD], isTty: true });
    expect(await shell.run("doctor", "--json")).toBe(1);
    const report = JSON.parse(shell.stdout());
    expect(report).toMatchObject({
      healthy: false,
      version: expect.stringMatching(/^doctored@/),
      summary: { ok: 2, warning: 1, failed: 1, skipped: 1 },
    });
    expect(report.findings.map(({ code }: { code: string }) => code)).toContain("unpriced_model");
    expect(report.results[0]).toMatchObject({ deployment: null, check: "policy", status: "warning" });
    expect(report.results.slice(1)).toEqual([...GOOD, BAD]);
    expect(shell.stdout() + shell.stderr()).not.toContain(SECRET);
  });

  test("hands its options on", async () => {
    const shell = shellWith({});
    await shell.run("doctor", "--only", "claude", "--timeout", "1m30s", "--offline");
    expect(shell.examined).toMatchObject([
      { only: "claude", timeoutMs: 90_000, offline: true, signal: null },
    ]);
    const usual = shellWith({});
    await usual.run("doctor");
    expect(usual.examined).toMatchObject([{ only: null, timeoutMs: 10_000, offline: false }]);
  });

  test("offline says once that nobody was called", async () => {
    const unasked: CheckResult = { deployment: "gpt", check: "address", ...NOT_ASKED };
    const shell = shellWith({ findings: [unasked, { ...unasked, check: "model" }] });
    expect(await shell.run("doctor", "--offline")).toBe(0);
    expect(shell.stdout().match(/--offline/g)).toHaveLength(1);
    expect(shell.stdout()).toContain("2 skipped. Because of --offline, nobody was called.");
  });

  test("interrupted, it says so and is not right", async () => {
    const shell = shellWith({ findings: GOOD, signal: AbortSignal.abort() });
    expect(await shell.run("doctor")).toBe(1);
    expect(shell.stderr()).toContain("interrupted");
  });
});

describe("a policy that is not right", () => {
  const broken = POLICY.replace("primary: chat,", "primary: chatt,");

  test("is reported as `validate` does, and nothing else is looked at", async () => {
    await writeFile(join(cwd, "pointsman.yaml"), broken);
    const shell = shellWith({ findings: GOOD });
    expect(await shell.run("doctor")).toBe(1);
    expect(shell.stdout()).toMatch(/^pointsman\.yaml:\d+:\d+ /);
    expect(shell.stdout()).toContain('Did you mean "chat"?');
    expect(shell.stdout()).toContain("✗ policy      The policy has errors: nothing else was looked at.");
    expect(shell.examined).toEqual([]);
    const asJson = shellWith({});
    expect(await asJson.run("doctor", "--json")).toBe(1);
    expect(JSON.parse(asJson.stdout())).toMatchObject({
      healthy: false,
      version: null,
      results: [{ check: "policy", status: "failed" }],
    });
  });

  test("that breaks its own tests is not right either", async () => {
    const expectation = "tests:\n  - { request: { use_case: chat }, expect: { primary: claude } }\n";
    await writeFile(join(cwd, "pointsman.yaml"), POLICY + expectation);
    const shell = shellWith({});
    expect(await shell.run("doctor")).toBe(1);
    expect(shell.examined).toEqual([]);
  });

  test("the overlay of an environment counts, and a missing one is remarked", async () => {
    await writeFile(join(cwd, "pointsman.prod.yaml"), "use_cases: { chat: { deadline: soon } }\n");
    expect(await shellWith({}).run("doctor", "--env", "prod")).toBe(1);
    const shell = shellWith({});
    expect(await shell.run("doctor", "--env", "prdo")).toBe(0);
    expect(shell.stderr()).toContain("no overlay for the environment prdo");
  });
});

describe("wrong usage", () => {
  test.each([
    [["doctor", "--policy", "gone.yaml"], "There is no file gone.yaml."],
    [["doctor", "--only", "claud"], 'Did you mean "claude"?'],
    [["doctor", "--timeout", "10"], "duration with a unit"],
    [["doctor", "--timeout", "50ms"], "at least 100ms"],
    [["doctor", "stray"], "too many arguments"],
  ])("%p exits with 2", async (args, words) => {
    const shell = shellWith({});
    expect(await shell.run(...args)).toBe(2);
    expect(shell.stderr()).toContain(words);
    expect(shell.stdout()).toBe("");
    expect(shell.examined).toEqual([]);
  });
});

/** What stands before the policy's own line: findings that no check says again. */
function findingsOf(output: string): string {
  return output.slice(0, output.indexOf("\n  ! policy"));
}

function versionIn(output: string): string {
  return /doctored@[0-9a-f]{12}/.exec(output)?.[0] ?? "";
}
