import { describe, expect, test } from "bun:test";
import type { DrillReport } from "../control/gameday/report.ts";
import type { Served } from "../control/gameday/tally.ts";
import { createProgressLine, drawDrill } from "./draw-gameday.ts";
import { createTerminal } from "./terminal.ts";

function second(served: Served, count = 10) {
  const none = { primary: 0, "cross-region": 0, fallback: 0, degraded: 0, refused: 0, failed: 0 };
  return { ...none, [served]: count, p99_ms: 120 };
}

const REPORT: DrillReport = {
  pass: false,
  name: "drill\u001b[31m",
  description: "",
  started_at: "2026-03-01T12:00:00.000Z",
  policy: "example@0123456789ab",
  seed: 7,
  compress: 60,
  planned_s: 8,
  lasted_s: 8,
  stop_reason: null,
  stopped_by: null,
  requests: 80,
  cancelled: 0,
  unsent: 0,
  availability: 0.875,
  degraded_share: 0.25,
  truncated_as_complete: 0,
  wrong_answers: 0,
  hung: 0,
  unexplained: 10,
  late: 0,
  by_ending: { answered: 50, degraded: 20, failed: 10 },
  by_rung: { primary: 20, "cross-region": 30, degraded: 20, none: 10 },
  by_use_case: { chat: { requests: 80, availability: 0.875 } },
  errors: { all_attempts_failed: 10 },
  p50_ms: 80,
  p99_ms: 1200,
  longest_ms: 1300,
  first_token_p50_ms: 40,
  first_token_p99_ms: 60,
  generator_lag_p99_ms: 1,
  amplification: 1.25,
  upstream_calls: { "large-us": 40, "large-eu": 60 },
  faults_struck: { status: 12 },
  cost: { usd: 0.1234, primary_alone_usd: 0.1, extra: 0.234, records: 80 },
  opened_s: 0.4,
  recovered_s: null,
  circuits: [{ deployment: "large-us", opened: true, reason: "failures", opened_s: 0.4, recovered_s: null }],
  checks: [
    { name: "availability", pass: false, wanted: "≥ 0.999", measured: 0.875 },
    { name: "hung", pass: true, wanted: "≤ 0", measured: 0 },
    { name: "recover_within", pass: false, wanted: "≤ 10", measured: null },
  ],
  notes: ["The machine is busy."],
  timeline: {
    seconds: [
      second("primary"),
      second("primary"),
      second("cross-region"),
      second("cross-region"),
      second("cross-region"),
      second("failed"),
      second("degraded"),
      second("degraded"),
    ],
    faults: [{ name: "region gone", kind: "status 503", bands: [{ startMs: 2000, endMs: 5000 }] }],
    circuits: [
      {
        deployment: "large-us",
        changes: [
          { atMs: 2400, state: "open" },
          { atMs: 6200, state: "half-open" },
        ],
      },
    ],
  },
};

const ports = { stdout: () => undefined, stderr: () => undefined, isTty: false, env: {} };
const plain = createTerminal(ports as never, {});

describe("a drill's drawing", () => {
  const lines = drawDrill(REPORT, plain).split("\n");
  const row = (name: string) => lines.find((line) => line.trimStart().startsWith(name))?.slice(30);

  test("shows by a letter a second who served, and when faults and circuits were on", () => {
    expect(row("served by")).toBe("PPXXX!DD");
    expect(row("~ region gone")).toBe("  ━━━");
    expect(row("large-us")).toBe("··OOOOOh");
    expect(row("! failed")).toBe("     █");
  });

  test("says what held and what did not, with what was measured", () => {
    expect(lines).toContain("  ✗  availability    ≥ 0.999     0.875");
    expect(lines).toContain("  ✓  hung                ≤ 0         0");
    expect(lines).toContain("  ✗  recover_within     ≤ 10     never");
    expect(lines[0]).toContain("✗ failed");
  });

  test("says how circuits went and what makes figures doubtful", () => {
    expect(lines).toContain("Circuits    large-us open after 0.4 s and not closed again");
    expect(lines).toContain("note The machine is busy.");
  });

  test("says which use case was served how well", () => {
    expect(lines).toContain("By use case chat 80 requests, availability 0.875");
  });

  test("nothing from a file steers the terminal", () => {
    expect(drawDrill(REPORT, plain)).not.toContain("\u001b");
  });

  test("an hour of seconds still fits on a screen", () => {
    const seconds = Array.from({ length: 3600 }, () => second("primary"));
    const drawn = drawDrill({ ...REPORT, lasted_s: 3600, timeline: { ...REPORT.timeline, seconds } }, plain);
    for (const line of drawn.split("\n").slice(3, 8)) expect([...line].length).toBeLessThanOrEqual(110);
  });

  test("a drill that was stopped before its first second can be drawn too", () => {
    const timeline = { seconds: [], faults: [], circuits: [] };
    const drawn = drawDrill({ ...REPORT, stop_reason: "interrupted", timeline }, plain);
    expect(drawn).toContain("Stopped: interrupted.");
  });
});

test("seconds appear as they pass on a terminal, and nowhere else", () => {
  for (const [isTty, expected] of [
    [true, "PX\n"],
    [false, ""],
  ] as const) {
    let shown = "";
    const stderr = (text: string): void => {
      shown += text;
    };
    const line = createProgressLine({ isTty, stderr }, plain);
    const { p99_ms: _, ...counts } = second("primary");
    line.show(0, { counts, p99Ms: null });
    line.show(1, { counts: { ...counts, primary: 0, "cross-region": 3 }, p99Ms: null });
    line.end();
    line.end();
    expect(shown).toBe(expected);
  }
});
