/** Answers in the caller's dialect: whole, streamed, degraded or refused. Each ends in one conclusion. */
import { type Attempt, countCalls } from "../core/decision.ts";
import type { StreamEvent } from "../core/events.ts";
import { FAULTS, type Fault, fault } from "../core/faults.ts";
import type { StreamReply, WholeReply } from "../providers/send.ts";
import type { RenderContext, Warning } from "../wires/wire.ts";
import { keepAnswer, type Replay, watched } from "./cache/use-cache.ts";
import type { Climbed } from "./climb-ports.ts";
import { type Conclusion, conclude, totalCost } from "./conclude.ts";
import { ESTIMATED } from "./count-tokens.ts";
import type { DegradedAnswer } from "./degraded/degraded-answer.ts";
import { degradedFault } from "./degraded/degraded-fault.ts";
import { INCOMPLETE } from "./degraded/partial.ts";
import type { Exchange } from "./exchange.ts";
import type { Gateway } from "./gateway.ts";
import { eventStreamResponse, JSON_TYPE, renderContext, renderedResponse } from "./render-response.ts";
import { labelledResponse, type Served } from "./response-headers.ts";
import { streamFrames } from "./stream-answer.ts";
import { withUsage } from "./told-usage.ts";

/** When to come back after a ladder that ran out, where no circuit or cooldown knows better. Milliseconds. */
export const COME_BACK_MS = 1000;
const NO_FINISH = { unified: "other", raw: null } as const;
/** A request that no deployment answered, and what is told of it unless something else is known. */
const UNSERVED: Conclusion = {
  outcome: "answered",
  status: 200,
  rung: null,
  degraded: null,
  attempts: [],
  deployment: null,
  finish: null,
  fault: null,
};
const NOBODY: Served = {
  rung: null,
  attempts: 0,
  model: null,
  provider: null,
  region: null,
  cost: null,
  degraded: null,
  simulated: false,
};

/** A whole answer of a model. */
export function answerWhole(
  gateway: Gateway,
  exchange: Exchange,
  climbed: Climbed,
  reply: WholeReply,
): Response {
  noteWarnings(exchange, reply.warnings);
  const context = renderContext(
    exchange,
    climbed.deployment.model.id,
    climbed.deployment.simulated,
    reply.warnings,
  );
  const answered = climbed.attempts[climbed.attempts.length - 1];
  const events = withUsage(reply.events, exchange.wire, answered?.usage ?? null);
  const body = JSON.stringify(exchange.wire.renderAnswer(events, context));
  // Nothing of a whole answer comes before all of it: to its caller that is the first token.
  climbed.settle("good", answered?.durationMs);
  const last = reply.events[reply.events.length - 1];
  conclude(gateway, exchange, {
    outcome: "answered",
    status: 200,
    rung: climbed.rung,
    degraded: null,
    attempts: climbed.attempts,
    deployment: climbed.deployment,
    finish: last?.type === "finish" ? last.reason : NO_FINISH,
    fault: null,
  });
  if (exchange.cacheSlot) keepAnswer(gateway, exchange, climbed.deployment, reply.warnings, reply.events);
  return labelledResponse(exchange, servedBy(climbed), JSON_TYPE, 200, body);
}

/** A streamed answer of a model, whose first content is here and whose end is still to come. */
export function answerStream(
  gateway: Gateway,
  exchange: Exchange,
  climbed: Climbed,
  reply: StreamReply,
): Response {
  noteWarnings(exchange, reply.warnings);
  const { deployment } = climbed;
  const context = renderContext(exchange, deployment.model.id, deployment.simulated, reply.warnings);
  const { request, cacheSlot } = exchange;
  const kept = cacheSlot && request ? watched(gateway, exchange, deployment, request, reply) : reply;
  const frames = streamFrames(gateway, exchange, climbed, kept, context);
  return eventStreamResponse(exchange, servedBy(climbed), frames, 200);
}

/** An answer that was given to the same request before: nothing is called and nothing costs. */
export function answerKept(gateway: Gateway, exchange: Exchange, kept: Replay): Response {
  noteWarnings(exchange, kept.warnings);
  const { by, events } = kept;
  const last = events[events.length - 1];
  const finish = last?.type === "finish" ? last.reason : NO_FINISH;
  conclude(gateway, exchange, { ...UNSERVED, finish, by });
  const { model, provider, region, simulated } = by;
  const served: Served = { ...NOBODY, model, provider, region, cost: 0, simulated };
  const context = renderContext(exchange, model, simulated, kept.warnings);
  const response = renderedResponse(exchange, served, events, context, 200);
  response.headers.set("age", String(Math.floor(kept.ageMs / 1000)));
  return response;
}

/** Our own count of tokens, where no provider gave one. `attempts`: to have it from one. */
export function answerEstimate(
  gateway: Gateway,
  exchange: Exchange,
  events: readonly StreamEvent[],
  attempts: readonly Attempt[],
): Response {
  const warnings = [ESTIMATED];
  noteWarnings(exchange, warnings);
  const model = exchange.plan?.rungs[0]?.model ?? null;
  const served: Served = { ...NOBODY, attempts: countCalls(attempts), model, cost: 0 };
  conclude(gateway, exchange, { ...UNSERVED, attempts });
  const context = renderContext(exchange, model ?? exchange.request?.target ?? "", false, warnings);
  return renderedResponse(exchange, served, events, context, 200);
}

/** What the policy has to say when no model answered. `attempts`: all of the request's. */
export function answerDegraded(
  gateway: Gateway,
  exchange: Exchange,
  answer: DegradedAnswer,
  attempts: readonly Attempt[],
  why: Fault,
): Response {
  const { mode, status, deployment, kept } = answer;
  if (kept) noteWarnings(exchange, kept.warnings);
  const simulated = deployment?.simulated ?? kept?.by.simulated ?? false;
  const served: Served = {
    rung: "degraded",
    attempts: countCalls(attempts),
    model: deployment?.model.id ?? kept?.by.model ?? null,
    provider: deployment?.provider ?? kept?.by.provider ?? null,
    region: deployment?.region ?? kept?.by.region ?? null,
    cost: totalCost(attempts),
    degraded: mode,
    simulated,
  };
  const context = renderContext(exchange, `pointsman/${mode}`, simulated, kept?.warnings ?? []);
  const own = { degraded: mode, use_case: exchange.plan?.useCase ?? null, decision: exchange.decisionId };
  const labelled = { ...context, labels: { ...context.labels, ...own, ...answer.labels } };
  conclude(gateway, exchange, {
    outcome: "degraded",
    status,
    rung: "degraded",
    degraded: mode,
    attempts,
    deployment: deployment ?? null,
    finish: mode === "partial" ? INCOMPLETE : null,
    fault: why,
    ...(kept && { by: kept.by }),
  });
  const refusal = degradedFault(answer, why.retryAfterMs ?? COME_BACK_MS);
  const response = refusal
    ? degradedRefusal(exchange, served, refusal, labelled)
    : renderedResponse(exchange, served, answer.events, labelled, status);
  const { headers } = response;
  if (answer.retryAfterSeconds !== null) headers.set("retry-after", String(answer.retryAfterSeconds));
  if (kept) headers.set("age", String(Math.floor(kept.ageMs / 1000)));
  if (mode === "partial") headers.set("x-pointsman-partial", "true");
  return response;
}

/** The policy's words under the status of an error: whole in every case, since no stream has begun. */
function degradedRefusal(
  exchange: Exchange,
  served: Served,
  refusal: Fault,
  { labels }: RenderContext,
): Response {
  const rendered = exchange.wire.renderFault(refusal, exchange.requestId);
  const body = JSON.stringify({ ...rendered.body, pointsman: labels });
  const response = labelledResponse(exchange, served, JSON_TYPE, rendered.status, body);
  for (const [name, value] of Object.entries(rendered.headers)) response.headers.set(name, value);
  // Every rung was tried, or could not be: the same again at once would only add load.
  response.headers.set("x-should-retry", "false");
  return response;
}

/** An error in the caller's dialect. */
export function answerFault(
  gateway: Gateway,
  exchange: Exchange,
  why: Fault,
  attempts: readonly Attempt[] = [],
): Response {
  const rendered = exchange.wire.renderFault(why, exchange.requestId);
  const outcome = why.kind === "cancelled" ? "cancelled" : "failed";
  conclude(gateway, exchange, { ...UNSERVED, outcome, status: rendered.status, attempts, fault: why });
  const body = JSON.stringify(rendered.body);
  const response = labelledResponse(exchange, null, JSON_TYPE, rendered.status, body);
  const { headers } = response;
  for (const [name, value] of Object.entries(rendered.headers)) headers.set(name, value);
  if (attempts.length > 0) headers.set("x-pointsman-attempts", String(countCalls(attempts)));
  if (FAULTS[why.kind].status === 401) headers.set("www-authenticate", 'Bearer realm="pointsman"');
  return response;
}

/** What a caller hears when the gateway itself is at fault; the cause goes to the operator's log alone. */
export function internalFault(requestId: string): Fault {
  return fault(
    "internal",
    "internal_error",
    `The gateway failed on this request. Quote request id ${requestId} to your platform owner.`,
  );
}

function servedBy(climbed: Climbed): Served {
  const { deployment } = climbed;
  const streaming = climbed.value.kind === "stream";
  return {
    rung: climbed.rung,
    attempts: countCalls(climbed.attempts),
    model: deployment.model.id,
    provider: deployment.provider,
    region: deployment.region,
    cost: streaming ? null : totalCost(climbed.attempts),
    degraded: null,
    simulated: deployment.simulated,
  };
}

function noteWarnings(exchange: Exchange, warnings: readonly Warning[]): void {
  if (warnings.length > 0) exchange.warnings = warnings.map((warning) => warning.control);
}
