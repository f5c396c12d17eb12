import { describe, expect, test } from "bun:test";
import type { Ending } from "./judge.ts";
import type { Seen } from "./load.ts";
import { lastLine, table } from "./report.ts";
import type { Phase } from "./schedule.ts";
import { doubt, missed, type PhaseCalls, tally } from "./tally.ts";

const PHASES: readonly Phase[] = [
  { name: "healthy", says: "nothing fails", faults: [] },
  { name: "outage", says: "503", faults: [{ fault: { status: 503 } }] },
  { name: "recovery", says: "nothing fails", faults: [] },
];

const saw = (phase: string, ending: Ending, latencyMs = 100, raw = false): Seen => ({
  phase,
  stream: true,
  latencyMs,
  lagMs: 2,
  verdict: { ending, detail: "why", raw },
});
const CALLS: readonly PhaseCalls[] = [
  { phase: "healthy", calls: { eu: 2 }, struck: 0 },
  { phase: "outage", calls: { eu: 1, us: 1 }, struck: 1 },
  { phase: "after the load", calls: { us: 1 }, struck: 0 },
];
const outcomeOf = (outage: readonly Seen[], calls = CALLS) =>
  tally("1.0", PHASES, [saw("healthy", "answered"), saw("healthy", "answered"), ...outage], calls);

const FINE = [saw("outage", "refused", 300, true), saw("outage", "degraded", 200)];

test("counts in all and by phase, with the calls that came after the last request", () => {
  const { all, phases, details } = outcomeOf(FINE);
  expect(all).toMatchObject({ requests: 4, answered: 2, refused: 1, degraded: 1, hung: 0 });
  expect(all).toMatchObject({ p50_ms: 100, p99_ms: 300, raw_provider_errors: 1 });
  expect(all).toMatchObject({ upstream_calls: { eu: 3, us: 2 }, amplification: 1.25 });
  expect(phases.outage).toMatchObject({ requests: 2, amplification: 1, struck: 1 });
  expect(details).toEqual({ "outage, stream: refused (why)": 1, "outage, stream: degraded (why)": 1 });
});

describe("the bar", () => {
  test("is kept where all are answered, degraded or refused", () => {
    expect(missed(PHASES, outcomeOf(FINE), true)).toEqual([]);
  });

  test.each<Ending>(["truncated", "wrong", "broken", "hung"])("is missed by one that is %s", (ending) => {
    expect(missed(PHASES, outcomeOf([...FINE, saw("outage", ending)]), true)).toEqual([
      "1 of 5 neither answered nor refused",
      `${ending}: 1`,
    ]);
  });

  test("is missed where a fault struck nobody", () => {
    const calls = CALLS.map((phase) => ({ ...phase, struck: 0 }));
    expect(missed(PHASES, outcomeOf(FINE, calls), true)).toEqual(['the faults of "outage" struck nobody']);
    expect(missed(PHASES, outcomeOf(FINE, calls), false)).toEqual([]);
  });

  test("is missed by a refusal while nothing fails", () => {
    expect(missed(PHASES, outcomeOf([...FINE, saw("healthy", "refused")]), true)).toEqual([
      '"healthy": 1 not answered though nothing fails',
    ]);
  });

  test("is missed where nothing was asked", () => {
    expect(missed([], tally("1.0", [], [], []), true)).toEqual(["nothing was asked"]);
  });
});

test("a gateway that could not be had keeps its row and its place in the last line", () => {
  const results = { pointsman: outcomeOf(FINE), peer: { skipped: "no registry" } };
  expect(table(results)).toContain("peer                    skipped: no registry");
  const { resilience } = JSON.parse(lastLine(results));
  expect(resilience.peer).toEqual({ skipped: "no registry" });
  expect(resilience.pointsman).toMatchObject({
    version: "1.0",
    requests: 4,
    phases: { outage: { struck: 1 } },
  });
});

describe("a busy machine", () => {
  const startedWith = (first: Seen) => tally("1.0", PHASES, [first, ...FINE], CALLS);

  test("is known by slow answers, or by none, while nothing fails", () => {
    expect(doubt(startedWith(saw("healthy", "answered", 300)))).toBeNull();
    expect(doubt(startedWith(saw("healthy", "answered", 1_500)))).toContain("within 1500 ms");
    expect(doubt(startedWith(saw("healthy", "hung", 300)))).toContain("0 of 1 were answered");
  });

  test("is known in the last phase as well", () => {
    expect(doubt(outcomeOf([...FINE, saw("recovery", "answered", 700)]))).toContain("within 700 ms");
    expect(doubt(outcomeOf([...FINE, saw("recovery", "answered", 300)]))).toBeNull();
  });

  test("is known by a client that is late itself", () => {
    expect(doubt(startedWith({ ...saw("healthy", "answered"), lagMs: 250 }))).toContain("250 ms late");
  });

  test("marks the row and the last line", () => {
    const results = { peer: startedWith(saw("healthy", "hung", 300)) };
    expect(table(results)).toContain("UNSURE");
    expect(JSON.parse(lastLine(results)).resilience.peer.doubt).toContain("0 of 1");
  });
});
