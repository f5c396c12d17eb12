import { describe, expect, test } from "bun:test";
import type { Attempt } from "../../../core/decision.ts";
import type { FaultKind } from "../../../core/faults.ts";
import { createVersionTally } from "./version-tally.ts";

const MINUTE = 60_000;

describe("what is counted", () => {
  test("what the policy could be blamed for, and no copies", () => {
    const tally = createVersionTally(() => 1_000_000);
    const record = (
      outcome: "answered" | "degraded" | "failed" | "cancelled",
      kind?: string,
      shadowOf?: string,
    ) =>
      tally.record({
        policyVersion: "v",
        outcome,
        fault: kind === undefined ? null : { kind: kind as "exhausted", code: kind },
        attempts: [],
        ...(shadowOf !== undefined && { shadowOf }),
      });
    record("answered");
    record("degraded", "exhausted");
    for (const kind of ["outage", "exhausted", "provider_auth", "throttled", "internal"])
      record("failed", kind);
    expect(tally.count("v", 0)).toEqual({ requests: 7, errors: 6 });
    for (const kind of ["invalid", "rate_limited", "filtered", "unauthenticated", "cancelled"])
      record("failed", kind);
    record("cancelled", "cancelled");
    record("failed", "exhausted", "dec_1");
    expect(tally.count("v", 0)).toEqual({ requests: 7, errors: 6 });
    expect(tally.count("w", 0)).toEqual({ requests: 0, errors: 0 });
  });

  test("is remembered of those that serve, however many came and went", () => {
    let now = 1_000_000;
    const tally = createVersionTally(() => now);
    const answered = (policyVersion: string) =>
      tally.record({ policyVersion, outcome: "answered", fault: null, attempts: [] });
    for (let bad = 0; bad < 40; bad++) {
      answered("good");
      answered(`bad ${bad}`);
      now += MINUTE;
    }
    expect(tally.count("good", 0)).toEqual({ requests: 40, errors: 0 });
    expect(tally.count("bad 0", 0)).toEqual({ requests: 0, errors: 0 });
    for (let bad = 40; bad < 80; bad++) {
      // It serves nobody any more, and is what others are compared with.
      tally.count("good", 0);
      answered(`bad ${bad}`);
    }
    expect(tally.count("good", 0)).toEqual({ requests: 40, errors: 0 });
  });

  const tried = { rung: "primary", deployment: "a", model: "m", provider: "p", region: "r" } as const;
  const took = { startedAtMs: 0, waitedMs: 0, durationMs: 0, cost: null };
  const passedOver: Attempt = { ...tried, ...took, result: "skipped", skipped: "cost_ceiling" };
  const called: Attempt = { ...tried, ...took, result: "fault" };
  const summary: Attempt = { ...tried, ...took, result: "ok", purpose: "overflow_summary" };
  test.each<[string, FaultKind, string, readonly Attempt[], number]>([
    ["refused by all for what it needs", "invalid", "no_candidate", [], 1],
    ["too dear for all", "invalid", "no_candidate", [passedOver, passedOver], 1],
    ["too long for all", "context_overflow", "context_length_exceeded", [], 1],
    ["too long for all with its summary, too", "context_overflow", "context_length_exceeded", [summary], 1],
    ["too long as a model says", "context_overflow", "context_length_exceeded", [called], 0],
    ["a field that is none", "invalid", "invalid_request", [], 0],
  ])("%s: %s with %s", (_what, kind, code, attempts, errors) => {
    const tally = createVersionTally(() => 1_000_000);
    tally.record({ policyVersion: "v", outcome: "failed", fault: { kind, code }, attempts });
    expect(tally.count("v", 0)).toEqual({ requests: errors, errors });
  });
});
