/**
 * What was said of an answer before it broke off. Owns which answers may be told in part and the events that
 * say so; whether and when they are told is the policy's order of degraded modes.
 */
import type { Deployment } from "../../core/deployment.ts";
import type { FinishReason, StreamEvent } from "../../core/events.ts";
import { FAULTS } from "../../core/faults.ts";
import type { DegradedMode, RoutePlan } from "../../core/plan.ts";
import type { ModelRequest } from "../../core/request.ts";
import type { SendOutcome } from "../../resilience/ladder.ts";
import type { Exchange } from "../exchange.ts";
import { createTold } from "../told.ts";
import type { DegradedAnswer } from "./degraded-answer.ts";

export const INCOMPLETE: FinishReason = { unified: "incomplete", raw: null };

/** Half of a JSON text is none, and of several choices none would be more than a part. */
export function wantsPartial({ degraded }: RoutePlan, request: ModelRequest): boolean {
  return (
    request.operation === "chat" &&
    request.responseFormat.type === "text" &&
    degraded.some(({ mode }) => mode === "partial")
  );
}

/**
 * Keeps what `events` say if it is more than was kept: text of an answer that is nothing but text, which broke off
 * by a fault that another deployment might not have met. What a filter ended is not told, nor what a caller left.
 */
export function keepPartial(
  exchange: Exchange,
  request: ModelRequest,
  plan: RoutePlan,
  deployment: Deployment,
  events: readonly StreamEvent[],
  { fault: why, usage }: Extract<SendOutcome<unknown>, { ok: false }>,
): void {
  if (FAULTS[why.kind].next === "stop" || !wantsPartial(plan, request)) return;
  // Complete, and refused for its format: no part of it is missing.
  if (events[events.length - 1]?.type !== "fault") return;
  const told = createTold(request);
  for (const event of events) told.see(event);
  const text = told.text() ?? "";
  const chars = text.trim() === "" ? 0 : text.length;
  if (chars <= (exchange.partial?.chars ?? 0)) return;
  const said = events.filter(({ type }) => type === "start" || type === "text");
  exchange.partial = { deployment, events: said, chars, usage: usage ?? null, why };
}

/** Null where nobody had said enough. */
export function tellPartial(
  { mode, minChars, status }: Extract<DegradedMode, { mode: "partial" }>,
  { partial }: Exchange,
): DegradedAnswer | null {
  if (partial === null || partial.chars < minChars) return null;
  const { deployment, usage, why } = partial;
  const events: readonly StreamEvent[] = [
    ...partial.events,
    { type: "choice_end", choice: 0, reason: INCOMPLETE },
    { type: "finish", reason: INCOMPLETE, usage },
  ];
  const labels = { partial: true, broke_off: why.code };
  return { mode, status, events, retryAfterSeconds: null, deployment, labels };
}
