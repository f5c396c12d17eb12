/** Policies that are wrong, huge or hostile: what `validate` and `PUT /admin/policy` say, and that they go on. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { largePolicyText } from "../../bench/policy/large-policy.ts";
import { endToEnd } from "./end-to-end.ts";
import { chat, KEY, pointsman, type RunningGateway, startGateway } from "./harness.ts";
import { INSTANT, testPolicy } from "./policies.ts";

/** The largest of them keep a machine that others use, too, busy for seconds. */
const scratch = endToEnd();

interface Finding {
  readonly severity: string;
  readonly code: string;
  readonly message: string;
  readonly fix: string;
  readonly line: number;
  readonly column: number;
}

const BASE = testPolicy();
const withRoutes = (...rules: readonly string[]) =>
  `${BASE}routes:\n${rules.map((rule) => `  - ${rule}\n`).join("")}`;
const rule = (name: string, rest: string) => `{ name: ${name}, ${rest}, ladder: { primary: atlas } }`;
const large = () =>
  largePolicyText({ deployments: 5000, revision: 1, keySha256: "a".repeat(64), upstreamPort: 9 });
const lineOf = (text: string, words: string) => text.slice(0, text.indexOf(words)).split("\n").length;
/** A secret by its shape, made here so that no scanner takes this file for a leak. */
const SECRET = ["sk", "proj", "Zk3vQ9xW2mT7bN4cR8yL1pD6"].join("-");

const laughs = ["x-a0: &a0 [ha, ha, ha, ha, ha, ha, ha, ha, ha, ha]"];
for (let i = 1; i < 10; i++)
  laughs.push(
    `x-a${i}: &a${i} [${Array(10)
      .fill(`*a${i - 1}`)
      .join(", ")}]`,
  );
const merges = ["x-m0: &m0 { k: 1 }"];
for (let i = 1; i < 3000; i++) merges.push(`x-m${i}: &m${i} { <<: *m${i - 1}, k${i}: 1 }`);

interface Case {
  readonly name: string;
  readonly text: string | Uint8Array;
  /** Code and, where it matters, line of a finding that must be there. */
  readonly code: string;
  readonly line?: number;
  readonly fix?: RegExp;
  readonly severity?: "warning";
  /** At least so many findings. */
  readonly count?: number;
}

const shadowed = withRoutes(
  rule("first", "use_case: support-chat"),
  rule("second", "use_case: support-chat, match: { tier: x }"),
);
const CASES: readonly Case[] = [
  { name: "more than 10 MiB", text: `${BASE}#${"x".repeat(10 * 1024 * 1024)}\n`, code: "too_large" },
  {
    name: "an error in each of 5,000 deployments",
    text: large().replaceAll("weight:", "wieght:"),
    code: "unknown_key",
    fix: /"weight"/,
    count: 5000,
  },
  {
    name: "an unknown model in each of 5,000 deployments",
    text: large().replace(/model: m(\d+), provider/g, "model: n$1, provider"),
    code: "unknown_model",
    fix: /"m\d+"/,
    count: 5000,
  },
  { name: "an anchor inside itself", text: `${BASE}x-a: &a { b: *a }\n`, code: "yaml_alias" },
  { name: "a billion laughs", text: `${BASE}${laughs.join("\n")}\n`, code: "yaml_aliases" },
  { name: "merges of merges", text: `${BASE}${merges.join("\n")}\n`, code: "yaml_aliases" },
  { name: "100,000 brackets", text: `${BASE}x-a: ${"[".repeat(100_000)}\n`, code: "yaml_too_deep" },
  {
    name: "3,000 levels of indentation",
    text: Array.from({ length: 3000 }, (_, i) => `${" ".repeat(i)}a:`).join("\n"),
    code: "yaml_too_deep",
  },
  {
    name: "an unknown key",
    text: BASE.replace("deadline:", "dedline:"),
    code: "unknown_key",
    fix: /"deadline"/,
  },
  {
    name: "weights that do not sum",
    text: `${BASE}rollouts: [{ name: r, canary: { arms: { a: { weight: 30 }, b: { weight: 30, model: nimbus } } } }]\n`,
    code: "weights_off",
    fix: /70/,
  },
  {
    name: "a negative weight",
    text: BASE.replace("model_id: pebble-v0,", "model_id: pebble-v0, weight: -1,"),
    code: "invalid_value",
    fix: /Share inside a rung/,
  },
  {
    name: "a rung without any weight",
    text: BASE.replaceAll("provider: sim,", "provider: sim, weight: 0,").replace(
      "primary: atlas@us-east-1, cross_region: auto",
      "primary: atlas",
    ),
    code: "weights_off",
    severity: "warning",
  },
  {
    name: "a ladder that comes back to where it was",
    text: BASE.replace("fallback: [nimbus]", "fallback: [nimbus, atlas, nimbus]"),
    code: "unreachable_rung",
    severity: "warning",
  },
  {
    name: "a rule after one without a condition",
    text: shadowed,
    code: "unreachable_route",
    severity: "warning",
    line: lineOf(shadowed, "name: second"),
    fix: /Move it before "first"/,
  },
  {
    name: "a rule with the condition of an earlier one",
    text: withRoutes(rule("first", "match: { tier: x }"), rule("second", "match: { tier: x }")),
    code: "unreachable_route",
    severity: "warning",
  },
  {
    name: "a pattern that can take for ever",
    text: withRoutes(rule("r", `when: 'request.use_case.matches("(a+)+$")'`)),
    code: "invalid_condition",
  },
  {
    name: "a condition that is huge",
    text: withRoutes(rule("r", `when: 'request.use_case.matches("${"a|".repeat(50_000)}")'`)),
    code: "invalid_value",
  },
  {
    name: "loops within loops",
    text: withRoutes(rule("r", "when: '[1, 2].exists(a, [1, 2].exists(b, a == b))'")),
    code: "invalid_condition",
  },
  {
    name: "a signal that does not exist",
    text: withRoutes(rule("r", "when: signals.complexty > 0.5")),
    code: "invalid_condition",
    fix: /complexity/,
  },
  {
    name: "a deployment that does not exist",
    text: withRoutes(rule("r", `when: 'signals.healthy["atlas-uss"]'`)),
    code: "unknown_deployment",
    fix: /"atlas-us"/,
  },
  {
    name: "a secret for an environment variable",
    text: BASE.replace(
      "sim: { kind: simulator }",
      `sim: { kind: simulator }\n  far: { kind: openai, credential: { env: ${SECRET} } }`,
    ),
    code: "secret_in_policy",
    fix: /environment variable/,
  },
  {
    name: "a secret under a key of its own",
    text: BASE.replace("kind: simulator", `kind: simulator, api_key: ${SECRET}`),
    code: "secret_in_policy",
    fix: /environment variable/,
  },
  {
    name: "a secret as a key",
    text: BASE.replace("kind: simulator", `kind: simulator, ${SECRET}: 1`),
    code: "secret_in_policy",
  },
  {
    name: "a key twice",
    text: BASE.replace("  nimbus: {", "  atlas: {"),
    code: "duplicate_key",
    line: lineOf(BASE, "  nimbus: {"),
  },
  {
    name: "a tab",
    text: BASE.replace("  sim:", "\tsim:"),
    code: "yaml_syntax",
    line: lineOf(BASE, "  sim:"),
    fix: /spaces/,
  },
  {
    name: "bytes that are no UTF-8",
    text: Buffer.concat([Buffer.from(BASE), Buffer.from([0x23, 0x20, 0xe4, 0x0a])]),
    code: "invalid_utf8",
    line: BASE.split("\n").length,
    fix: /UTF-8/,
  },
  {
    name: "a NUL",
    text: `${BASE}# a\0b\n`,
    code: "control_character",
    line: BASE.split("\n").length,
    fix: /Delete/,
  },
  {
    name: "a binary file",
    text: Uint8Array.from({ length: 4000 }, (_, i) => (i * 7919) % 256),
    code: "not_text",
  },
  { name: "a comment and nothing else", text: "# later\n", code: "empty_policy", fix: /version: 1/ },
  {
    name: "a date by a tag",
    text: BASE.replace("model_id: pebble-v0", "model_id: !!timestamp 2026-01-01"),
    code: "yaml_tag",
    fix: /quote/,
  },
  {
    name: "a number where text is expected",
    text: BASE.replace("name: e2e", "name: 2026"),
    code: "invalid_type",
    fix: /Quote it: "2026"/,
  },
  { name: "two documents", text: `${BASE}---\nname: other\n`, code: "yaml_syntax" },
];

const VALID: readonly (readonly [string, string])[] = [
  ["a byte order mark", `\uFEFF${BASE}`],
  ["carriage returns", BASE.replaceAll("\n", "\r\n")],
  ["a date where text is expected", BASE.replace('version: "0.1"', "version: 2026-01-01")],
  ["a scalar of a megabyte", `${BASE}x-notes: ${"a".repeat(1_000_000)}\n`],
  ["5,000 deployments", large()],
];

function expectFinding(findings: readonly Finding[], wanted: Case): void {
  const { code, line, fix, count = 1, severity = "error" } = wanted;
  const fitting = findings.filter((one) => one.code === code && (line === undefined || one.line === line));
  expect(fitting.length).toBeGreaterThanOrEqual(count);
  expect(fitting[0]?.severity).toBe(severity);
  if (fix) expect(fitting.some((one) => fix.test(one.fix))).toBeTrue();
  for (const one of findings) {
    expect(one.line).toBeGreaterThan(0);
    expect(one.column).toBeGreaterThan(0);
    expect(one.fix).not.toBe("");
  }
}

describe("pointsman validate --json", () => {
  const folder = scratch.folder();
  const validate = async (text: string | Uint8Array) => {
    const file = join(folder, "policy.yaml");
    writeFileSync(file, text);
    return pointsman(["validate", file, "--json"]);
  };

  test.each(CASES.map((one) => [one.name, one] as const))("%s", async (_name, wanted) => {
    const { code, stdout, stderr } = await validate(wanted.text);
    const verdict = JSON.parse(stdout) as { valid: boolean; findings: readonly Finding[] };
    expectFinding(verdict.findings, wanted);
    expect(verdict.valid).toBe(wanted.severity === "warning");
    expect(code).toBe(wanted.severity === "warning" ? 0 : 1);
    expect(stdout + stderr).not.toContain(SECRET);
  });

  test.each(VALID)("%s is fine", async (_name, text) => {
    const { code, stdout } = await validate(text);
    expect(JSON.parse(stdout)).toMatchObject({ valid: true });
    expect(code).toBe(0);
  });

  test("a folder without a policy, and a file that is not there, are wrong usage", async () => {
    const empty = join(folder, "empty");
    mkdirSync(empty);
    for (const path of [empty, join(folder, "gone.yaml")]) {
      const { code, stderr } = await pointsman(["validate", path, "--json"]);
      expect(code).toBe(2);
      expect(JSON.parse(stderr)).toEqual({ error: { message: expect.any(String), fix: expect.any(String) } });
    }
  });
});

describe("PUT /admin/policy", () => {
  let gateway: RunningGateway;
  beforeAll(async () => {
    gateway = await startGateway({
      policy: BASE,
      scenario: INSTANT,
      args: ["--policy", "store:policy.yaml"],
    });
  });
  afterAll(() => gateway.stop());
  const put = (body: string | Uint8Array) =>
    fetch(`${gateway.url}/admin/policy?dry_run=true`, {
      method: "PUT",
      headers: { authorization: `Bearer ${KEY}`, "content-type": "application/yaml" },
      body: typeof body === "string" ? body : Buffer.from(body),
    });

  test.each(CASES.map((one) => [one.name, one] as const))("%s", async (_name, wanted) => {
    const response = await put(wanted.text);
    const text = await response.text();
    expect(text).not.toContain(SECRET);
    if (wanted.code !== "too_large" || response.status !== 413) {
      const answer = JSON.parse(text) as { findings: readonly Finding[] };
      expectFinding(answer.findings, wanted);
      expect(response.status).toBe(wanted.severity === "warning" ? 200 : 400);
    }
    expect((await chat(gateway, {})).status).toBe(200);
    expect(gateway.errors()).not.toContain(SECRET);
  });

  test.each(VALID)("%s is fine", async (_name, text) => {
    expect((await put(text)).status).toBe(200);
  });

  test("an empty body is told as such", async () => {
    const response = await put("");
    expect(response.status).toBe(400);
    expect(await response.text()).toContain("no policy in its body");
  });
});
