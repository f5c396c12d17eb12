/** One attempt as the ladder sees it: the call, the check of what came, and what it used. */
import type { Deployment } from "../core/deployment.ts";
import { limitWithin } from "../core/estimate-cost.ts";
import { heldChars, isTerminal, NO_USAGE, type StreamEvent, type Usage } from "../core/events.ts";
import { type Fault, fault } from "../core/faults.ts";
import type { RoutePlan } from "../core/plan.ts";
import type { ModelRequest } from "../core/request.ts";
import { withinLimits } from "../providers/prepare-call.ts";
import { type ProviderReply, type StreamReply, sendToProvider } from "../providers/send.ts";
import type { Used } from "../resilience/call.ts";
import type { Call, SendOutcome } from "../resilience/ladder.ts";
import type { Warning } from "../wires/wire.ts";
import { countsOutput, createUsageMeter, priceUsage } from "./account.ts";
import { keepPartial, wantsPartial } from "./degraded/partial.ts";
import { childTraceparent, type Exchange } from "./exchange.ts";
import { askAgain, checkAnswerFormat, complaintTokens, type FormatVerdict } from "./format/answer-format.ts";
import type { Gateway } from "./gateway.ts";
import { lostCall } from "./lost-call.ts";

/** Characters that are held back of one answer, of whatever kind. */
const MAX_HELD_CHARS = 16 * 1024 * 1024;
const TOO_LONG = fault("malformed", "answer_too_large", "The model's answer is longer than is held back.");

/** Calls `call.deployment`. An answer in the wrong format is a fault that has used tokens and cost money. */
export async function attempt(
  gateway: Gateway,
  exchange: Exchange,
  request: ModelRequest,
  plan: RoutePlan,
  call: Call,
): Promise<SendOutcome<ProviderReply>> {
  const startedAt = gateway.clock.now();
  const { model } = call.deployment;
  const withinCeiling = limitWithin(asComplained(plan, call.complaint), model, call.costLeft);
  const limited = withinLimits(request, plan.maxOutputTokens, model, withinCeiling);
  if (!limited.ok) return limited;
  const { request: capped, warning } = limited.value;
  const asked = call.complaint ? askAgain(capped, call.complaint) : capped;
  const pieces = !request.stream && wantsPartial(plan, request);
  const { timeouts } = call;
  const isHeld = pieces || plan.streamRecovery === "buffer";
  // What the share held back for later rungs is a stream's own once there is no way back.
  const committedTotalMs = isHeld
    ? timeouts.total
    : Math.min(plan.timeouts.total, exchange.arrivedAt + plan.deadlineMs - startedAt);
  const sent = await sendToProvider(
    {
      // Of a whole answer that breaks off nothing is left; of a stream, what came.
      request: pieces ? { ...asked, stream: true } : asked,
      deployment: call.deployment,
      timeouts,
      committedTotalMs,
      traceparent: childTraceparent(exchange, gateway.random),
      tracestate: exchange.tracestate,
      callerSignal: exchange.callerSignal,
      endSignal: call.signal ?? null,
    },
    gateway,
  );
  if (!sent.ok) return lostCall(sent, request, plan.estimatedInputTokens, call.deployment);
  const firstTokenMs = gateway.clock.now() - startedAt;
  const reply = withWarning(sent.value, warning);
  if (reply.kind === "stream") {
    if (!isHeld) {
      return { ok: true, value: reply, firstTokenMs, usage: null, cost: null };
    }
    const held = await holdBack(reply, (head) => call.begun?.(() => usedBy(head, plan, call.deployment)));
    const outcome = await (pieces
      ? checked(gateway, request, call, plan, wholeOf(held), null)
      : checked(gateway, request, call, plan, held, firstTokenMs));
    if (!outcome.ok) keepPartial(exchange, request, plan, call.deployment, held.head, outcome);
    return outcome;
  }
  if (request.operation === "count_tokens") return answerCount(reply);
  return checked(gateway, request, call, plan, reply, null);
}

/** The plan with the size of a request that is told `complaint` as well; null: it is not. */
export function asComplained(plan: RoutePlan, complaint: Fault | null): RoutePlan {
  if (complaint === null) return plan;
  return { ...plan, estimatedInputTokens: plan.estimatedInputTokens + complaintTokens(complaint) };
}

function withWarning(reply: ProviderReply, warning: Warning | null): ProviderReply {
  return warning === null ? reply : { ...reply, warnings: [...reply.warnings, warning] };
}

/** A complete answer, which is worth its cost only in the format that was asked for. */
function checked(
  gateway: Gateway,
  request: ModelRequest,
  call: Call,
  plan: RoutePlan,
  reply: ProviderReply,
  firstTokenMs: number | null,
): SendOutcome<ProviderReply> | Promise<SendOutcome<ProviderReply>> {
  const events = reply.kind === "whole" ? reply.events : reply.head;
  const { usage, cost } = usedBy(events, plan, call.deployment);
  const last = events[events.length - 1];
  if (last?.type === "fault") return { ok: false, fault: last.fault, usage, cost };
  const outcomeOf = (verdict: FormatVerdict | null): SendOutcome<ProviderReply> => {
    if (verdict?.type === "broken") return { ok: false, fault: verdict.fault, usage, cost };
    const value = verdict === null ? reply : replaced(reply, verdict.events, verdict.warnings);
    // The caller accounts a stream as it goes out, also one that is all there.
    if (reply.kind === "stream") return { ok: true, value, firstTokenMs, usage: null, cost: null };
    return { ok: true, value, firstTokenMs, usage, cost };
  };
  const verdict = checkAnswerFormat(request, events, gateway.schemaChecks);
  return verdict instanceof Promise ? verdict.then(outcomeOf) : outcomeOf(verdict);
}

/** `reply` with other events in the place of its own, and more warnings. */
function replaced(
  reply: ProviderReply,
  events: readonly StreamEvent[],
  more: readonly Warning[],
): ProviderReply {
  const warnings = [...reply.warnings, ...more];
  return reply.kind === "whole" ? { ...reply, events, warnings } : { ...reply, head: events, warnings };
}

/**
 * The stream with everything in its head: until then every failure can still fall back. `begun` is told of the head while
 * it grows.
 */
async function holdBack(
  reply: StreamReply,
  begun: (head: readonly StreamEvent[]) => void,
): Promise<StreamReply> {
  const head = [...reply.head];
  begun(head);
  const { rest } = reply;
  let held = 0;
  while (rest) {
    const events = await rest.next();
    for (const event of events) {
      head.push(event);
      held += heldChars(event);
    }
    const last = events[events.length - 1];
    if (last && isTerminal(last)) break;
    if (held > MAX_HELD_CHARS) {
      rest.cancel(TOO_LONG);
      head.push({ type: "fault", fault: TOO_LONG });
      break;
    }
  }
  return { ...reply, head, rest: null };
}

/** A stream that is all there, for a caller who did not ask for one. */
function wholeOf({ head: events, warnings }: StreamReply): ProviderReply {
  return { kind: "whole", events, warnings };
}

/** Counting is free: what was counted was not used. */
function answerCount(value: ProviderReply): SendOutcome<ProviderReply> {
  return { ok: true, value, firstTokenMs: null, usage: null, cost: 0 };
}

function usageOf(events: readonly StreamEvent[], plan: RoutePlan): Usage {
  const last = events[events.length - 1];
  if (last?.type === "finish" && last.usage && countsOutput(last.usage)) return last.usage;
  const meter = createUsageMeter();
  for (const event of events) meter.see(event);
  return meter.usage(plan.estimatedInputTokens);
}

function usedBy(events: readonly StreamEvent[], plan: RoutePlan, deployment: Deployment): Used {
  const usage = usageOf(events, plan);
  return { usage, cost: priceUsage(deployment, usage) };
}

/** What a call is taken to have used that was ended before its first content: the model had read the request. */
export function estimateAbandoned(plan: RoutePlan, deployment: Deployment): Used {
  const usage: Usage = { ...NO_USAGE, inputTokens: plan.estimatedInputTokens };
  return { usage, cost: priceUsage(deployment, usage) };
}
