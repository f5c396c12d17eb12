/** Drills as people run them: through the launcher, by exit code, JSON and page. */
import { beforeAll, describe, expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { DrillReport } from "../../src/control/gameday/report.ts";
import { endToEnd, endWithFile } from "./end-to-end.ts";
import { eventually, LAUNCHER, pointsman } from "./harness.ts";
import { testPolicy } from "./policies.ts";

const scratch = endToEnd();
const directory = scratch.folder();

beforeAll(() => {
  const policy = testPolicy().replace(
    "use_cases:\n",
    "use_cases:\n  continued: { latency_tier: interactive, deadline: 4s, stream_recovery: continue, ladder: { primary: atlas@us-east-1, cross_region: auto, fallback: [nimbus] } }\n",
  );
  writeFileSync(join(directory, "policy.yaml"), policy);
});

interface Part {
  readonly useCases: string;
  readonly load: string;
  readonly faults: readonly string[];
  readonly slo?: string;
  readonly more?: string;
}

function write(name: string, { useCases, load, faults, slo = "{}", more = "" }: Part): string {
  const text = `version: 1
name: ${name}
policy: policy.yaml
use_cases: ${useCases}
load: ${load}
schedule:
  seed: 7
  faults:
${faults.map((fault) => `    - ${fault}\n`).join("")}
slo: ${slo}
${more}
`;
  writeFileSync(join(directory, `${name}.yaml`), text);
  return `${name}.yaml`;
}

async function drill(file: string, ...args: readonly string[]) {
  const ended = await pointsman(["gameday", "run", file, "--json", ...args], { cwd: directory });
  const lines = ended.stdout.trimEnd().split("\n");
  expect(lines).toHaveLength(1);
  return { ...ended, report: JSON.parse(lines[0] ?? "") as DrillReport };
}

const GONE = `{ name: us-east-1 is gone, match: { region: us-east-1 }, start: 30s, duration: 1m, fault: { status: 503 } }`;

describe("a drill that must pass", () => {
  test("a region that goes and comes back: other region, circuit, verdict, page", async () => {
    const file = write("outage", {
      useCases: "{ support-chat: 1 }",
      load: "{ rate: 20, duration: 3m, stream: 0.5 }",
      faults: [GONE],
      slo: "{ availability: 0.999, degraded_share: 0, amplification: 1.3, unexplained: 0, circuits: [atlas-us], open_within: 1500ms, recover_within: 4s }",
      more: "compress: 30",
    });
    const { code, report } = await drill(file, "--report", "outage.html");
    expect(report.checks.filter(({ pass }) => !pass)).toEqual([]);
    expect(code).toBe(0);
    expect(report).toMatchObject({
      pass: true,
      requests: 120,
      availability: 1,
      truncated_as_complete: 0,
      hung: 0,
      stop_reason: null,
      cost: { records: 120 },
    });
    expect(report.by_rung.primary).toBeGreaterThan(20);
    expect(report.by_rung["cross-region"]).toBeGreaterThan(20);
    expect(report.faults_struck.status).toBeGreaterThanOrEqual(5);
    // The simulator and the gateway count the same calls.
    const calls = Object.values(report.upstream_calls).reduce((sum, count) => sum + count, 0);
    expect(report.amplification).toBeCloseTo(calls / 120, 5);
    expect(report.cost.usd).toBeGreaterThan(0);
    const open = report.timeline.circuits.find(({ deployment }) => deployment === "atlas-us");
    expect(open?.changes[0]?.state).toBe("open");
    const page = readFileSync(join(directory, "outage.html"), "utf8");
    expect(page).toContain("✓ passed");
    expect(page).toContain("us-east-1 is gone");
    expect(page).not.toMatch(/<script|<link|https?:/);
  });

  test("streams cut in the middle are continued, or told of, and never pass for whole", async () => {
    const cut =
      "{ name: cut, match: { deployment: atlas-us }, probability: 0.5, fault: { cut_after_tokens: 25 } }";
    const file = write("cuts", {
      useCases: "{ continued: 1, bare-chat: 1 }",
      load: "{ concurrency: 4, duration: 4s, stream: 1 }",
      faults: [cut],
      slo: "{ unexplained: 0, wrong_answers: 0, use_cases: { continued: { availability: 1 } } }",
    });
    const { code, report } = await drill(file);
    expect(report.checks.filter(({ pass }) => !pass)).toEqual([]);
    expect(code).toBe(0);
    expect(report.faults_struck.cut_after_tokens).toBeGreaterThan(10);
    // Those of bare-chat were told that their stream broke.
    expect(report.by_ending.interrupted).toBeGreaterThan(3);
    expect(report.by_use_case["bare-chat"]?.availability).toBeLessThan(1);
    expect(report.truncated_as_complete).toBe(0);
  });
});

describe("a drill that must not pass", () => {
  test("what does not hold is named, with exit code 1", async () => {
    const file = write("strict", {
      useCases: "{ bare-chat: 1 }",
      load: "{ rate: 20, duration: 3s, stream: 0.5 }",
      faults: ["{ name: all is down, start: 1s, duration: 1s, fault: { status: 503 } }"],
      slo: "{ availability: 0.999, p50_ms: 0.5 }",
    });
    const { code, report } = await drill(file);
    expect(code).toBe(1);
    expect(report.pass).toBe(false);
    const broken = report.checks.filter(({ pass }) => !pass).map(({ name }) => name);
    expect(broken).toEqual(["availability", "p50_ms"]);
    expect(report.by_ending.refused ?? 0).toBeGreaterThan(5);
    const text = await pointsman(["gameday", "run", file], { cwd: directory });
    expect(text.code).toBe(1);
    expect(text.stdout).toMatch(/✗ +availability +≥ 0\.999/);
    expect(text.stdout).toContain("~ all is down");
  });

  test("a stop condition ends it early, with exit code 3 and the reason", async () => {
    const file = write("stopped", {
      useCases: "{ bare-chat: 1 }",
      load: "{ rate: 20, duration: 60s, stream: 0 }",
      faults: ["{ start: 1s, fault: { status: 503 } }"],
      more: "stop_conditions: [{ metric: availability, below: 0.5, over: 2s }]",
    });
    const { code, report } = await drill(file);
    expect(code).toBe(3);
    expect(report).toMatchObject({ pass: false, stopped_by: "stop_condition", planned_s: 60 });
    expect(report.stop_reason).toMatch(/^availability was 0(\.\d+)? over 2 s, below 0\.5$/);
    expect(report.lasted_s).toBeLessThan(8);
  });

  test("a drill that names what is not there never starts, with exit code 2", async () => {
    const file = write("nobody", {
      useCases: "{ nobody-chat: 1 }",
      load: "{ rate: 1, duration: 2s }",
      faults: ["{ fault: hang }"],
    });
    const { code, stdout, stderr } = await pointsman(["gameday", "run", file], { cwd: directory });
    expect(code).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toContain("nobody.yaml:4:");
  });
});

test("Ctrl-C ends a drill, with what it has seen and nothing left behind", async () => {
  const file = write("long", {
    useCases: "{ support-chat: 1 }",
    load: "{ rate: 20, duration: 60s, stream: 1 }",
    faults: ["{ start: 50s, fault: hang }"],
  });
  const temporary = scratch.folder();
  const child = endWithFile(
    spawn(LAUNCHER, ["gameday", "run", file, "--json"], {
      cwd: directory,
      // What the live fleet shares is not the drill's: with this address its gateway would not start.
      env: { ...process.env, TMPDIR: temporary, POINTSMAN_REDIS_URL: "the live one" },
      stdio: ["ignore", "pipe", "ignore"],
    }),
  );
  let stdout = "";
  child.stdout.on("data", (chunk) => {
    stdout += chunk;
  });
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  // Its gateway's directory goes when the gateway has ended.
  await eventually(async () => readdirSync(temporary).length > 0);
  child.kill("SIGINT");
  expect(await ended).toBe(130);
  expect(JSON.parse(stdout)).toMatchObject({ pass: false, stopped_by: "interrupt" });
  expect(readdirSync(temporary)).toEqual([]);
});
