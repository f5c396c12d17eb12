import { describe, expect, test } from "bun:test";
import type { FaultKind } from "../../core/faults.ts";
import { FAULTS } from "../../core/faults.ts";
import { decisionWith } from "./fake-jobs.ts";
import { judge } from "./judge.ts";

const answered = (status: number, more = {}) => ({ status, requestId: "r", body: {}, ...more });
const faulted = (kind: FaultKind, code = "c") =>
  answered(FAULTS[kind].status, { decision: decisionWith({ fault: { kind, code } }) });

describe("an answer", () => {
  test("with a 2xx is a success", () => {
    expect(judge(answered(200), false)).toEqual({ type: "succeeded" });
  });

  test.each<FaultKind>([
    "throttled",
    "rate_limited",
    "outage",
    "timeout",
    "exhausted",
    "unavailable",
    "malformed",
    "internal",
  ])("of %s is tried again", (kind) =>
    expect(judge(faulted(kind), false)).toMatchObject({ type: "again", fault: { kind, code: "c" } }),
  );

  test.each<FaultKind>([
    "invalid",
    "filtered",
    "context_overflow",
    "unauthenticated",
    "forbidden",
    "not_found",
    "too_large",
    "provider_auth",
    "provider_not_found",
  ])("of %s is final", (kind) =>
    expect(judge(faulted(kind), false)).toMatchObject({ type: "failed", fault: { kind } }),
  );

  test("of nobody who may serve it is final", () => {
    expect(judge(faulted("unavailable", "no_candidate"), false)).toMatchObject({ type: "failed" });
    const template = { decision: decisionWith({ degraded: "template", attempts: [] }) };
    expect(judge(answered(200, template), false)).toMatchObject({
      type: "failed",
      fault: { code: "no_candidate" },
    });
  });

  test("without a model is none, unless it was accepted and is one", () => {
    const template = { decision: decisionWith({ degraded: "template" }), retryAfterMs: 7 };
    expect(judge(answered(200, template), false)).toMatchObject({
      type: "again",
      fault: { kind: "degraded", code: "template", message: expect.stringContaining("is not accepted") },
      retryAfterMs: 7,
    });
    expect(judge(answered(200, template), true)).toEqual({ type: "succeeded" });
    expect(judge(answered(503, template), true)).toMatchObject({
      type: "again",
      fault: { message: expect.stringContaining("has the status 503") },
    });
  });

  test("says why in the gateway's own words", () => {
    const body = { error: { code: "bad_field", message: "`x` is wrong." } };
    expect(judge(answered(400, { body }), false)).toEqual({
      type: "failed",
      fault: { kind: "invalid", code: "bad_field", message: "`x` is wrong." },
    });
    expect(judge(answered(418, { body: "tea" }), false)).toMatchObject({ fault: { code: "status_418" } });
    expect(judge(answered(401), false)).toMatchObject({ type: "failed", fault: { kind: "unauthenticated" } });
  });
});
