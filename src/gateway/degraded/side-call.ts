/**
 * One call to a model for something other than the answer: a summary, a restricted stand-in. Owns that it is held
 * to everything that holds for the request: constraints, deadline, cost ceiling, circuits, retry budget.
 */
import { type Attempt, countCalls } from "../../core/decision.ts";
import type { Deployment } from "../../core/deployment.ts";
import type { StreamEvent } from "../../core/events.ts";
import { FAULTS, LASTING_QUOTA } from "../../core/faults.ts";
import type { RoutePlan } from "../../core/plan.ts";
import { type AsideQuestion, planAside } from "../../policy/aside/plan-aside.ts";
import type { Left } from "../../resilience/course.ts";
import { climb } from "../../resilience/ladder.ts";
import { leftScope } from "../../resilience/reaction.ts";
import { otherClimbPorts } from "../climb-ports.ts";
import type { Exchange } from "../exchange.ts";
import type { Gateway } from "../gateway.ts";

export interface SideQuestion extends AsideQuestion {
  readonly purpose: NonNullable<Attempt["purpose"]>;
  /** What the request has tried so far. */
  readonly attempts: readonly Attempt[];
  /** Milliseconds after the request's arrival by which the call must be over. */
  readonly deadlineMs: number;
}

/** `attempts`: those so far, and the call where one was made. */
export type SideAnswer =
  | {
      readonly ok: true;
      readonly text: string;
      readonly deployment: Deployment;
      readonly attempts: readonly Attempt[];
    }
  | { readonly ok: false; readonly attempts: readonly Attempt[] };

/** Asks once. What goes wrong is in the attempts; it never rejects. */
export async function askAside(
  gateway: Gateway,
  exchange: Exchange,
  question: SideQuestion,
): Promise<SideAnswer> {
  const { attempts } = question;
  const planned = exchange.route && planAside(exchange.route, question);
  if (!planned) return { ok: false, attempts };
  const { request } = planned;
  const plan = withinBounds(planned.plan, question);
  const resume = { attempts, left: leftForAnother(exchange, attempts) };
  const other = { formatRetries: 0, resume };
  const climbed = await climb(plan, otherClimbPorts(gateway, exchange, request, plan, other));
  const known = new Set(attempts);
  const all = climbed.attempts.map((one) => (known.has(one) ? one : { ...one, purpose: question.purpose }));
  if (!climbed.ok) return { ok: false, attempts: all };
  climbed.settle("good");
  const { value, deployment } = climbed;
  const text = value.kind === "whole" ? textOf(value.events) : null;
  return text === null ? { ok: false, attempts: all } : { ok: true, text, deployment, attempts: all };
}

/**
 * Who is not asked another question after `attempts`: whoever was silent, down or out of quota in this request. A model that
 * answered, if only that the request was too long, may do better with this one.
 */
export function leftForAnother({ snapshot }: Exchange, attempts: readonly Attempt[]): readonly Left[] {
  const left = new Map<string, Left>();
  for (const { deployment: id, result, fault } of attempts) {
    const deployment = snapshot.deployments.get(id);
    if (!deployment || result === "skipped") continue;
    left.delete(id);
    if (!fault || FAULTS[fault.kind].health === "good") continue;
    const { kind, code } = fault;
    left.set(id, {
      deployment,
      scope: leftScope(code === LASTING_QUOTA ? { kind, lasting: true } : { kind }, false),
    });
  }
  return [...left.values()];
}

/** One call more than were made, and no later than the question allows. */
function withinBounds(plan: RoutePlan, { attempts, deadlineMs }: SideQuestion): RoutePlan {
  return {
    ...plan,
    maxAttempts: countCalls(attempts) + 1,
    deadlineMs: Math.min(deadlineMs, plan.deadlineMs),
  };
}

/** Null for an answer that says nothing, or that is not one. */
function textOf(events: readonly StreamEvent[]): string | null {
  const last = events[events.length - 1];
  if (last?.type !== "finish" || (last.reason.unified !== "stop" && last.reason.unified !== "length"))
    return null;
  const text = events
    .map((event) => (event.type === "text" && event.choice === 0 ? event.text : ""))
    .join("");
  return text.trim() === "" ? null : text.trim();
}
