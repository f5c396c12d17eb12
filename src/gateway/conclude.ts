/** The end of a request: the lease given back, the decision recorded, the metrics counted, exactly once. */

import type { Attempt, Decision, DecisionOutcome } from "../core/decision.ts";
import type { Deployment } from "../core/deployment.ts";
import { type FinishReason, finishOnRecord, NO_USAGE, sumUsage, type Usage } from "../core/events.ts";
import { CALLER_LEFT, type Fault, fault } from "../core/faults.ts";
import type { NanoDollars } from "../core/money.ts";
import type { DegradedLabel, RungLabel } from "../core/plan.ts";
import type { Writable } from "../core/writable.ts";
import type { AnsweredBy } from "./cache/kept-document.ts";
import type { Exchange } from "./exchange.ts";
import type { Gateway } from "./gateway.ts";

export interface Conclusion {
  readonly outcome: DecisionOutcome;
  readonly status: number;
  readonly rung: RungLabel | null;
  readonly degraded: DegradedLabel | null;
  readonly attempts: readonly Attempt[];
  /** Who answered; null where nobody did. */
  readonly deployment: Deployment | null;
  readonly finish: FinishReason | null;
  readonly fault: Fault | null;
  /** Milliseconds from the request's arrival to the first thing the caller was told; absent: by who answered. */
  readonly firstTokenMs?: number | null;
  /** Who gave the answer that is given again. */
  readonly by?: AnsweredBy;
}

/** Queues the decision and counts it and its cost. Requests whose caller is unknown leave a counter and no record. */
export function conclude(gateway: Gateway, exchange: Exchange, conclusion: Conclusion): void {
  exchange.lease?.release();
  exchange.lease = null;
  if (!exchange.caller) {
    gateway.metrics.refused(conclusion.fault?.code ?? "unknown");
    return;
  }
  const ended = gateway.drained?.() ? asDrained(conclusion) : conclusion;
  const decision = decisionOf(gateway, exchange, ended);
  gateway.metrics.record(decision);
  gateway.spend?.count(decision);
  gateway.decisions.push(decision);
}

const DRAINED = fault("cancelled", "drained", "The gateway ended before the answer was complete.");

/** From inside, a connection that the gateway cuts at its end looks like a caller that left. */
function asDrained(conclusion: Conclusion): Conclusion {
  if (conclusion.fault?.code !== CALLER_LEFT.code) return conclusion;
  const { kind, code } = DRAINED;
  const attempts = conclusion.attempts.map((attempt) =>
    attempt.fault?.code === CALLER_LEFT.code ? { ...attempt, fault: { kind, code } } : attempt,
  );
  return { ...conclusion, fault: DRAINED, attempts };
}

function decisionOf(gateway: Gateway, exchange: Exchange, conclusion: Conclusion): Decision {
  const { caller, request, plan } = exchange;
  const { attempts, deployment, fault, by } = conclusion;
  const served = deployment ? attempts[attempts.length - 1] : undefined;
  const decision: Writable<Decision> = {
    id: exchange.decisionId,
    requestId: exchange.requestId,
    traceId: exchange.traceId,
    at: exchange.arrivedAt,
    keyId: caller?.keyId ?? "",
    tenant: caller?.tenant ?? "",
    tier: caller?.tier ?? "",
    wire: exchange.wire.id,
    useCase: plan?.useCase ?? null,
    rule: plan?.rule ?? null,
    policyVersion: exchange.snapshot.version,
    stream: request?.stream ?? false,
    contract: request?.contract ?? {},
    estimatedInputTokens: plan?.estimatedInputTokens ?? 0,
    refusals: plan?.refusals ?? [],
    attempts,
    outcome: conclusion.outcome,
    status: conclusion.status,
    rung: conclusion.rung,
    degraded: conclusion.degraded,
    model: deployment?.model.id ?? by?.model ?? null,
    modelVersion: deployment?.model.version ?? by?.modelVersion ?? null,
    provider: deployment?.provider ?? by?.provider ?? null,
    region: deployment?.region ?? by?.region ?? null,
    finish: finishOnRecord(conclusion.finish),
    fault: fault ? { kind: fault.kind, code: fault.code } : null,
    usage: totalUsage(attempts),
    cost: totalCost(attempts),
    warnings: exchange.warnings,
    durationMs: gateway.clock.now() - exchange.arrivedAt,
    firstTokenMs: conclusion.firstTokenMs ?? firstTokenOf(served),
    simulated: deployment?.simulated ?? by?.simulated ?? false,
  };
  const { routing, snapshot } = exchange;
  if (routing) decision.routing = routing.tap.facts(routing.input, routing.plan, snapshot.estimates);
  if ((plan?.exercise || exchange.exercised) && wasCalledFirst(attempts)) decision.exercise = true;
  if (exchange.cacheUse !== null) decision.cache = exchange.cacheUse;
  if (exchange.overflow !== null) decision.overflow = exchange.overflow;
  if (exchange.ticket !== null) decision.ticket = exchange.ticket;
  if (plan?.arm) decision.experiment = plan.arm.experiment;
  return decision;
}

/** Whether the ladder's first candidate, which an exercise puts before all others, was called and not passed over. */
function wasCalledFirst(attempts: readonly Attempt[]): boolean {
  const first = attempts.find(({ purpose }) => purpose === undefined);
  return first !== undefined && first.result !== "skipped";
}

/** Since the request arrived; null: nothing came. */
export function firstTokenOf(attempt: Attempt | undefined): number | null {
  return attempt?.firstTokenMs === undefined ? null : attempt.startedAtMs + attempt.firstTokenMs;
}

/** The sum over all attempts, without the providers' raw blocks, which stay with their attempts. */
function totalUsage(attempts: readonly Attempt[]): Usage {
  let total: Usage = NO_USAGE;
  for (const { usage } of attempts) {
    if (!usage) continue;
    total = sumUsage(total, usage);
  }
  return total;
}

/** Null when an attempt that used tokens has no price: a sum that leaves it out would be a lie. */
export function totalCost(attempts: readonly Attempt[]): NanoDollars | null {
  let total = 0;
  for (const attempt of attempts) {
    if (attempt.cost !== null) total += attempt.cost;
    else if (attempt.usage) return null;
  }
  return total;
}
