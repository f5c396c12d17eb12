/** The record of a copy that nobody was answered with. Owns what it says; the live answer has its own. */
import type { Attempt, Decision } from "../../core/decision.ts";
import type { FinishReason, Usage } from "../../core/events.ts";
import { finishOnRecord, NO_USAGE } from "../../core/events.ts";
import { FAULTS, type Fault } from "../../core/faults.ts";
import type { NanoDollars } from "../../core/money.ts";
import type { ShadowCall } from "../../core/plan.ts";
import type { ModelRequest } from "../../core/request.ts";
import type { LiveRequest } from "./shadow-port.ts";

/** How a copy ended. Milliseconds from its own start. */
export interface ShadowOutcome {
  readonly startedAt: number;
  readonly durationMs: number;
  readonly firstTokenMs: number | null;
  readonly finish: FinishReason | null;
  readonly fault: Fault | null;
  /** Null where nothing came. */
  readonly usage: Usage | null;
  /** Null where the model has no price. */
  readonly cost: NanoDollars | null;
  /** Whether it was JSON, and fitted the schema; null where none was asked for, or nothing came. */
  readonly formatValid: boolean | null;
  readonly warnings: readonly string[];
}

export function shadowDecision(
  id: string,
  live: LiveRequest,
  request: ModelRequest,
  call: ShadowCall,
  outcome: ShadowOutcome,
): Decision {
  const { caller, plan } = live;
  const { deployment, experiment } = call;
  const { fault, usage, cost, firstTokenMs, formatValid } = outcome;
  const ended = fault ? (fault.kind === "cancelled" ? "cancelled" : "failed") : "answered";
  return {
    id,
    requestId: live.requestId,
    traceId: live.traceId,
    at: outcome.startedAt,
    keyId: caller?.keyId ?? "",
    tenant: caller?.tenant ?? "",
    tier: caller?.tier ?? "",
    wire: live.wire.id,
    useCase: plan?.useCase ?? null,
    rule: plan?.rule ?? null,
    policyVersion: live.snapshot.version,
    stream: request.stream,
    contract: request.contract,
    estimatedInputTokens: call.estimatedInputTokens,
    refusals: [],
    attempts: [attemptOf(call, outcome)],
    outcome: ended,
    // Of the copy alone: its caller was answered by somebody else.
    status: fault ? FAULTS[fault.kind].status : 200,
    rung: null,
    degraded: null,
    model: deployment.model.id,
    modelVersion: deployment.model.version,
    provider: deployment.provider,
    region: deployment.region,
    finish: finishOnRecord(outcome.finish),
    fault: fault ? { kind: fault.kind, code: fault.code } : null,
    usage: usage ?? NO_USAGE,
    cost,
    warnings: outcome.warnings,
    durationMs: outcome.durationMs,
    firstTokenMs,
    simulated: deployment.simulated,
    experiment,
    shadowOf: live.decisionId,
    ...(formatValid !== null && { formatValid }),
  };
}

function attemptOf({ deployment }: ShadowCall, outcome: ShadowOutcome): Attempt {
  const { fault, usage, firstTokenMs } = outcome;
  return {
    rung: "primary",
    deployment: deployment.id,
    model: deployment.model.id,
    provider: deployment.provider,
    region: deployment.region,
    result: fault ? "fault" : "ok",
    ...(fault && {
      fault: { kind: fault.kind, code: fault.code, ...(fault.cause && { cause: fault.cause }) },
    }),
    startedAtMs: 0,
    waitedMs: 0,
    durationMs: outcome.durationMs,
    ...(firstTokenMs !== null && { firstTokenMs }),
    ...(usage && { usage }),
    cost: outcome.cost,
  };
}
