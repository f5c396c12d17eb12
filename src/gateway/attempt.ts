/** One attempt as the ladder sees it: the call, the check of what came, and what it used. */
import type { Deployment } from "../core/deployment.ts";
import type { Usage } from "../core/events.ts";
import { NO_USAGE } from "../core/events.ts";
import { costOf, type NanoDollars } from "../core/money.ts";
import type { RoutePlan } from "../core/plan.ts";
import type { ModelRequest } from "../core/request.ts";
import { type ProviderReply, sendToProvider } from "../providers/send.ts";
import type { Call, SendOutcome } from "../resilience/ladder.ts";
import { createUsageMeter, priceUsage } from "./account.ts";
import { askAgain, checkAnswerFormat } from "./answer-format.ts";
import { canCount, ESTIMATED, estimatedCount } from "./count-tokens.ts";
import { childTraceparent, type Exchange } from "./exchange.ts";
import type { Gateway } from "./gateway.ts";

/** Calls `call.deployment`. An answer in the wrong format is a fault that has used tokens and cost money. */
export async function attempt(
  gateway: Gateway,
  exchange: Exchange,
  request: ModelRequest,
  plan: RoutePlan,
  call: Call,
): Promise<SendOutcome<ProviderReply>> {
  if (request.operation === "count_tokens" && !canCount(call.deployment.wire)) {
    return answerEstimate(request);
  }
  const startedAt = gateway.clock.now();
  const sent = await sendToProvider(
    {
      request: call.complaint ? askAgain(request, call.complaint) : request,
      deployment: call.deployment,
      timeouts: call.timeouts,
      // What the share held back for later rungs is the answer's own once there is no way back.
      committedTotalMs: Math.min(plan.timeouts.total, exchange.arrivedAt + plan.deadlineMs - startedAt),
      traceparent: childTraceparent(exchange, gateway.random),
      tracestate: exchange.tracestate,
      callerSignal: exchange.callerSignal,
    },
    gateway.clock,
  );
  if (!sent.ok) return request.operation === "count_tokens" ? answerEstimate(request) : sent;
  const reply = sent.value;
  const firstTokenMs = gateway.clock.now() - startedAt;
  if (reply.kind === "stream") return { ok: true, value: reply, firstTokenMs, usage: null, cost: null };
  if (request.operation === "count_tokens") return answerCount(reply);
  const usage = usageOf(reply, plan);
  const cost = priceUsage(call.deployment, usage);
  const complaint = checkAnswerFormat(request, reply.events);
  if (complaint) return { ok: false, fault: complaint, usage, cost };
  return { ok: true, value: reply, firstTokenMs: null, usage, cost };
}

async function answerEstimate(request: ModelRequest): Promise<SendOutcome<ProviderReply>> {
  return answerCount({ kind: "whole", events: await estimatedCount(request), warnings: [ESTIMATED] });
}

/** Counting is free: what was counted was not used. */
function answerCount(value: ProviderReply): SendOutcome<ProviderReply> {
  return { ok: true, value, firstTokenMs: null, usage: null, cost: null };
}

function usageOf(reply: Extract<ProviderReply, { kind: "whole" }>, plan: RoutePlan): Usage {
  const last = reply.events[reply.events.length - 1];
  if (last?.type === "finish" && last.usage) return last.usage;
  const meter = createUsageMeter();
  for (const event of reply.events) meter.see(event);
  return meter.usage(plan.estimatedInputTokens);
}

/** What one call is expected to cost at the most, for the ceiling; null for a model without a price. */
export function estimateCost(plan: RoutePlan, deployment: Deployment): NanoDollars | null {
  const { prices } = deployment.model;
  if (!prices) return null;
  return costOf(
    { ...NO_USAGE, inputTokens: plan.estimatedInputTokens, outputTokens: plan.estimatedOutputTokens },
    prices,
  );
}
