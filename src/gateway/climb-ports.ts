/** What the ladder needs of the gateway for one request. Owns nothing; both climbs of a request share it. */
import { fault } from "../core/faults.ts";
import type { RoutePlan } from "../core/plan.ts";
import type { ProviderReply } from "../providers/send.ts";
import type { Call, Climb, ClimbPorts, SendOutcome } from "../resilience/ladder.ts";
import { estimateAbandoned, estimateCost } from "./attempt.ts";
import type { Exchange } from "./exchange.ts";
import type { Gateway } from "./gateway.ts";

/** A climb that found an answer. */
export type Climbed = Extract<Climb<ProviderReply>, { ok: true }>;

const TOO_LATE = fault("cancelled", "hedged_out", "Another deployment answered first.");

export function climbPorts<T extends ProviderReply>(
  gateway: Gateway,
  exchange: Exchange,
  plan: RoutePlan,
  send: (call: Call) => Promise<SendOutcome<T>>,
): ClimbPorts<T> {
  return {
    clock: gateway.clock,
    random: gateway.random,
    health: gateway.health,
    retryBudget: gateway.retryBudget,
    retry: exchange.snapshot.retry,
    formatRetries: exchange.snapshot.useCases.get(plan.useCase)?.formatRetries ?? 0,
    arrivedAt: exchange.arrivedAt,
    deadlineAt: exchange.arrivedAt + plan.deadlineMs,
    signal: exchange.callerSignal,
    send,
    estimateCost: (deployment) => estimateCost(plan, deployment),
    estimateAbandoned: (deployment) => estimateAbandoned(plan, deployment),
    discard: (reply) => {
      if (reply.kind === "stream") reply.rest?.cancel(TOO_LATE);
    },
    reportThrown: (thrown) => gateway.reportInternal(exchange.requestId, thrown),
  };
}
