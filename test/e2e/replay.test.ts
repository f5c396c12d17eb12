/** Past requests under another policy: real traffic, exported, replayed here and in the gateway. */
import { beforeAll, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ReplayReport } from "../../src/control/replay/report.ts";
import type { Decision } from "../../src/core/decision.ts";
import { endToEnd } from "./end-to-end.ts";
import { admin, chat, decisionOf, KEY, pointsman, type RunningGateway, startGateway } from "./harness.ts";
import { INSTANT, testPolicy } from "./policies.ts";

endToEnd();

const ROUTES = `
routes:
  - { name: hard, match: { complexity: ">= 0.3" }, ladder: { primary: nimbus, fallback: [atlas] } }
  - { name: sick, when: '!signals.healthy["atlas-us"]', ladder: { primary: nimbus } }
rollouts:
  - { name: try, use_case: support-chat, canary: { candidate: nimbus, weight: 40 } }
  - { name: drawn, use_case: bare-chat, sticky: request, canary: { candidate: nimbus, weight: 50 } }
`;
const SECRET_PROMPT = "My passport is X1234567, where is my parcel?";

let gateway: RunningGateway;
let file: string;
const policy = testPolicy() + ROUTES;
const env = { POINTSMAN_API_KEY: KEY };
const cli = (...args: readonly string[]) => pointsman(args, { env, cwd: gateway.directory });

beforeAll(async () => {
  gateway = await startGateway({ policy, scenario: INSTANT });
  const asked = [
    ...Array.from({ length: 30 }, (_, i) => ({ user: `user-${i}@example.com` })),
    ...Array.from({ length: 20 }, () => ({ model: "bare-chat" })),
    { messages: [{ role: "user", content: "Prove the theorem; compare three approaches step by step." }] },
    { messages: [{ role: "user", content: SECRET_PROMPT }], user: "user-3@example.com", stream: true },
    { tools: [{ type: "function", function: { name: "look_up", parameters: { type: "object" } } }] },
    { max_tokens: 7, response_format: { type: "json_object" } },
  ];
  let last: Response | null = null;
  for (const body of asked) {
    last = await chat(gateway, body);
    await last.text();
  }
  if (last) await decisionOf(gateway, last);
  const exported = await cli("decisions", "export", "--since", "1h", "--url", gateway.url);
  if (exported.code !== 0) throw new Error(exported.stderr);
  file = join(gateway.directory, "decisions.jsonl");
  writeFileSync(file, exported.stdout);
});

const recordsIn = async (): Promise<readonly Decision[]> =>
  (await Bun.file(file).text())
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

async function replay(
  ...args: readonly string[]
): Promise<{ readonly code: number | null; readonly report: ReplayReport }> {
  const { code, stdout, stderr } = await cli("explain", "--replay", ...args, "--json");
  if (stdout === "") throw new Error(stderr);
  return { code, report: JSON.parse(stdout) };
}

describe("records of real traffic", () => {
  test("are exported to the end, oldest first, without a word of what was said or who said it", async () => {
    const records = await recordsIn();
    expect(records).toHaveLength(54);
    const times = records.map(({ at }) => at);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    const text = await Bun.file(file).text();
    for (const word of ["passport", "example.com", "parcel", "theorem"]) expect(text).not.toContain(word);
    for (const { routing } of records) expect(routing?.planned.first).toBeDefined();
  });

  test("the policy that made them changes nothing, here and in the gateway", async () => {
    const here = await replay(file, "--policy", gateway.policyFile, "--fail-on-change");
    expect(here.report).toMatchObject({ records: 54, replayed: 54, unchanged: 54, redrawn: 0, groups: [] });
    expect(here.code).toBe(0);
    const args = ["--since", "1h", "--policy", gateway.policyFile, "--url", gateway.url, "--fail-on-change"];
    const there = await replay(...args);
    expect(there.report).toMatchObject({ records: 54, unchanged: 54, changed: 0 });
    expect(there.code).toBe(0);
    const arms = new Set((await recordsIn()).map(({ routing }) => routing?.planned.arm));
    for (const arm of ["try/stable", "try/candidate", "drawn/stable", "drawn/candidate"])
      expect(arms).toContain(arm);
  });

  test("another policy moves just those that traffic would have moved", async () => {
    const candidate = join(gateway.directory, "candidate.yaml");
    writeFileSync(candidate, policy.replace("weight: 40", "weight: 100"));
    const { code, report } = await replay(file, "--policy", candidate, "--fail-on-change");
    const stable = (await recordsIn()).filter(({ routing }) => routing?.planned.arm === "try/stable");
    expect(code).toBe(1);
    expect(report.changed).toBe(stable.length);
    expect(report.groups.every(({ after }) => after.arm === "try/candidate")).toBeTrue();
    expect(
      report.groups.flatMap(({ examples }) => examples).every((id) => stable.some((one) => one.id === id)),
    ).toBeTrue();
    const drawn = await cli("explain", "--replay", file, "--policy", candidate);
    expect(drawn.stdout).toContain("arm try/candidate");
  });
});

describe("POST /admin/explain/replay", () => {
  const since = new Date(Date.now() - 3_600_000).toISOString();

  test("filters by use case and bounds what it reads", async () => {
    const body = { policy, since, use_case: "bare-chat", limit: 5 };
    const report = (await admin(gateway, "/admin/explain/replay", body)) as ReplayReport & { cursor: string };
    expect(report).toMatchObject({ records: 5, unchanged: 5 });
    expect(report.cursor).toMatch(/^dec_/);
  });

  test("a candidate that is not valid is refused with its findings; the policy in force stays", async () => {
    const inForce = async () => ((await admin(gateway, "/admin/policy")) as { version: string }).version;
    const before = await inForce();
    const response = await fetch(`${gateway.url}/admin/explain/replay`, {
      method: "POST",
      headers: { authorization: `Bearer ${KEY}`, "content-type": "application/json" },
      body: JSON.stringify({ policy: policy.replace("primary: nimbus", "primary: nimbos"), since }),
    });
    expect(response.status).toBe(400);
    const refusal = (await response.json()) as { findings: { code: string; line: number; fix: string }[] };
    const unknown = refusal.findings.find(({ code }) => code === "unknown_model");
    expect(unknown?.fix).toContain('"nimbus"');
    expect(await inForce()).toBe(before);
  });

  test.each([
    ["since", { policy, since: "24h" }],
    ["policy", { since }],
    ["until", { policy, since, until: "soon" }],
    ["limit", { policy, since, limit: 1e9 }],
  ])("a %s that does not fit is refused by name", async (param, body) => {
    const response = await fetch(`${gateway.url}/admin/explain/replay`, {
      method: "POST",
      headers: { authorization: `Bearer ${KEY}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    expect(response.status).toBe(400);
    expect(((await response.json()) as { error: { param: string } }).error.param).toBe(param);
  });
});
