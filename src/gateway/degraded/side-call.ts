/**
 * One call to a model for something other than the answer: a summary, a restricted stand-in. Owns that it is held
 * to everything that holds for the request: constraints, deadline, cost ceiling, circuits, retry budget.
 */
import { type Attempt, countCalls } from "../../core/decision.ts";
import type { Deployment } from "../../core/deployment.ts";
import type { StreamEvent } from "../../core/events.ts";
import type { RoutePlan } from "../../core/plan.ts";
import type { ModelRequest, Section } from "../../core/request.ts";
import type { UseCase } from "../../core/snapshot.ts";
import { textTokens } from "../../policy/estimates/estimate-tokens.ts";
import { draftRoute } from "../../policy/routing/plan.ts";
import { climb } from "../../resilience/ladder.ts";
import { otherClimbPorts } from "../climb-ports.ts";
import type { Exchange } from "../exchange.ts";
import type { Gateway } from "../gateway.ts";

export interface SideQuestion {
  readonly purpose: NonNullable<Attempt["purpose"]>;
  readonly model: string;
  readonly deployments: readonly Deployment[];
  readonly instruction: string;
  readonly text: string;
  readonly maxOutputTokens: number;
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

/** Everything is rendered anew: nothing of the caller's body goes along. */
const REWRITTEN: ReadonlySet<Section> = new Set(["messages", "sampling", "responseFormat"]);

/** Asks once. What goes wrong is in the attempts; it never rejects. */
export async function askAside(
  gateway: Gateway,
  exchange: Exchange,
  question: SideQuestion,
): Promise<SideAnswer> {
  const { attempts } = question;
  const planned = planAside(exchange, question);
  if (!planned) return { ok: false, attempts };
  const { request, plan } = planned;
  const other = { formatRetries: 0, resume: { attempts, left: [] } };
  const climbed = await climb(plan, otherClimbPorts(gateway, exchange, request, plan, other));
  const known = new Set(attempts);
  const all = climbed.attempts.map((one) => (known.has(one) ? one : { ...one, purpose: question.purpose }));
  if (!climbed.ok) return { ok: false, attempts: all };
  climbed.settle("good");
  const { value, deployment } = climbed;
  const text = value.kind === "whole" ? textOf(value.events) : null;
  return text === null ? { ok: false, attempts: all } : { ok: true, text, deployment, attempts: all };
}

function planAside(
  exchange: Exchange,
  question: SideQuestion,
): { readonly request: ModelRequest; readonly plan: RoutePlan } | null {
  const { route } = exchange;
  if (!route) return null;
  const { model, deployments, maxOutputTokens, attempts, deadlineMs } = question;
  const useCase: UseCase = {
    ...route.useCase,
    rules: [],
    rollouts: [],
    shadows: [],
    hedge: null,
    exerciseShare: 0,
    ladder: [{ kind: "fallback", model, selection: "weighted", deployments }],
    // None that would be climbed for: this answer is one of several ways.
    degraded: [],
    maxOutputTokens,
    maxAttempts: countCalls(attempts) + 1,
    deadlineMs: Math.min(deadlineMs, route.useCase.deadlineMs),
  };
  const request = requestOf(route.request, question);
  const estimatedInputTokens = Math.ceil(textTokens(question.instruction) + textTokens(question.text)) + 8;
  const plan = draftRoute({ ...route, useCase, request, estimatedInputTokens });
  return plan.rungs.length === 0 ? null : { request, plan };
}

/** Who asks and what holds for them stays; everything else is the gateway's own. */
function requestOf(asked: ModelRequest, { instruction, text, maxOutputTokens }: SideQuestion): ModelRequest {
  const { contextWindow: _stated, ...contract } = asked.contract;
  return {
    operation: "chat",
    target: asked.target,
    contract,
    messages: [
      { role: "system", content: [{ type: "text", text: instruction }] },
      { role: "user", content: [{ type: "text", text }] },
    ],
    tools: [],
    sampling: { maxTokens: maxOutputTokens },
    responseFormat: { type: "text" },
    stream: false,
    streamUsage: false,
    strict: false,
    ...(asked.user !== undefined && { user: asked.user }),
    origin: { wire: "native", body: {}, rewritten: REWRITTEN },
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
