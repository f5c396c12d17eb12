/**
 * What a call used that gave no answer: it is paid for all the same. Owns when that is what the provider counted, when
 * it is an estimate, and when nothing is known to have been used.
 */
import type { Deployment } from "../core/deployment.ts";
import { isContent, type StreamEvent, type Usage } from "../core/events.ts";
import type { Fault } from "../core/faults.ts";
import type { NanoDollars } from "../core/money.ts";
import type { ModelRequest } from "../core/request.ts";
import type { Sending } from "../providers/send.ts";
import { createUsageMeter, priceUsage } from "./account.ts";

export interface LostCall {
  readonly ok: false;
  readonly fault: Fault;
  readonly usage?: Usage;
  readonly cost?: NanoDollars | null;
}

/** `sent` with what it used and cost, for as much as is known of that. Counting is free, however it ends. */
export function lostCall(
  sent: Extract<Sending, { ok: false }>,
  request: ModelRequest,
  estimatedInputTokens: number,
  deployment: Deployment,
): LostCall {
  const { fault, came } = sent;
  const isFree = came === undefined || request.operation === "count_tokens";
  const usage = isFree ? null : usageOf(came, fault, estimatedInputTokens);
  if (usage === null) return { ok: false, fault };
  return { ok: false, fault, usage, cost: priceUsage(deployment, usage) };
}

/**
 * As the provider counted it, with an estimate of what it said and did not count. A model that was ended, or that ended
 * an answer with nothing in it, had read the request; one that broke down before its first word is taken to bill nothing.
 */
function usageOf(came: readonly StreamEvent[], fault: Fault, estimatedInputTokens: number): Usage | null {
  const meter = createUsageMeter();
  let isKnown = fault.kind === "timeout" || fault.kind === "cancelled" || fault.ended === true;
  for (const event of came) {
    meter.see(event);
    isKnown ||= event.type === "usage" || isContent(event);
  }
  return isKnown ? meter.usage(estimatedInputTokens) : null;
}
