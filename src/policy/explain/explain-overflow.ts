/** What is foreseen of a request that is too long, as explain shows it. Plain JSON; decides nothing. */
import type { Deployment } from "../../core/deployment.ts";
import { estimateCost } from "../../core/estimate-cost.ts";
import { formatUsd } from "../../core/money.ts";
import type { OverflowLabel, RoutePlan, RungKind } from "../../core/plan.ts";
import type { Message } from "../../core/request.ts";
import type { PassedOver } from "../overflow/fit.ts";
import type { ForeseenOverflow } from "../overflow/foresee.ts";
import type { ShortRequest } from "../overflow/route-shorter.ts";
import { messageTokens } from "../overflow/shorten.ts";
import { roomFor } from "../routing/room.ts";

interface ExplainedMessage {
  /** Place among the request's messages, from 0. */
  readonly index: number;
  readonly role: Message["role"];
  /** Estimated. */
  readonly tokens: number;
}

interface ExplainedSummary {
  readonly model: string;
  /** Who would be asked for it first. */
  readonly deployment: string;
  readonly provider: string;
  readonly region: string;
  readonly estimatedInputTokens: number;
  readonly estimatedOutputTokens: number;
  /** At the most; null: the model has no price. */
  readonly estimatedCostUsd: string | null;
}

/** What is done about it, and what comes of that. */
export interface ExplainedMeasure {
  /** `refused`: no measure helps, or `fail` comes first. `none`: the policy has larger models alone, and none is left. */
  readonly how: OverflowLabel | "refused" | "none";
  /** Measures that had their turn before and did not help. */
  readonly passedOver: readonly PassedOver[];
  /** Null: nothing is. */
  readonly leftOut: { readonly messages: readonly ExplainedMessage[]; readonly tokens: number } | null;
  /** What a model would get, a summary and an arm's prompt among it; null: nobody gets it. */
  readonly remains: { readonly messages: number; readonly tokens: number } | null;
  /** The call that would be made for it; whether it goes well is not known beforehand. Null: none. */
  readonly summary: ExplainedSummary | null;
  /** Who would be called first then; null: nobody. */
  readonly first: { readonly rung: RungKind; readonly model: string; readonly deployment: string } | null;
  /** Null: it is not refused for its length. */
  readonly fault: { readonly code: string; readonly message: string } | null;
}

export interface ExplainedOverflow extends ExplainedMeasure {
  /** Of the whole request, estimated or counted. */
  readonly inputTokens: number;
  readonly messages: number;
  /** Where the ladder begins: who has room for how many tokens of input, beside the output that there can be. */
  readonly tooLongFor: readonly { readonly deployment: string; readonly room: number }[];
  /** What is done where the summary fails, and where that one fails, too; empty: nothing hangs on one. */
  readonly withoutSummary: readonly ExplainedMeasure[];
}

export function explainOverflow(foreseen: ForeseenOverflow): ExplainedOverflow {
  const { request, plan, lost } = foreseen;
  const withoutSummary: ExplainedMeasure[] = [];
  for (let next = foreseen.withoutSummary; next; next = next.withoutSummary) {
    withoutSummary.push(explainMeasure(next));
  }
  return {
    inputTokens: plan.estimatedInputTokens,
    messages: request.messages.length,
    tooLongFor: lost.map((deployment) => ({
      deployment: deployment.id,
      room: Math.max(0, roomFor(deployment, plan.estimatedOutputTokens)),
    })),
    ...explainMeasure(foreseen),
    withoutSummary,
  };
}

function explainMeasure(foreseen: ForeseenOverflow): ExplainedMeasure {
  const { fitted } = foreseen;
  const { passedOver } = fitted;
  const nothing = { passedOver, leftOut: null, remains: null, summary: null, first: null, fault: null };
  switch (fitted.result) {
    case "shortened": {
      const { how, short, plan } = fitted;
      const remains = { messages: short.request.messages.length, tokens: plan.estimatedInputTokens };
      const leftOut = explainLeftOut(foreseen, short);
      return { how, passedOver, leftOut, remains, summary: explainSummary(foreseen), ...calls(plan) };
    }
    case "larger_model":
      return { ...nothing, how: fitted.result, ...calls(fitted.plan) };
    case "as_planned":
      return { ...nothing, how: "none" };
    case "refused": {
      const { code, message } = fitted.fault;
      return { ...nothing, how: fitted.result, fault: { code, message } };
    }
  }
}

function calls({ rungs }: RoutePlan): Pick<ExplainedMeasure, "first" | "fault"> {
  const [rung] = rungs;
  const deployment = rung?.candidates[0];
  if (!rung || !deployment) return { first: null, fault: null };
  return { first: { rung: rung.kind, model: rung.model, deployment: deployment.id }, fault: null };
}

function explainLeftOut(
  { request, route }: ForeseenOverflow,
  { dropped }: ShortRequest,
): ExplainedMeasure["leftOut"] {
  const tokensOf = messageTokens(route.request, route.estimatedInputTokens);
  const gone = new Set(dropped);
  const messages = request.messages.flatMap((message, index) =>
    gone.has(message) ? [{ index, role: message.role, tokens: Math.round(tokensOf(message)) }] : [],
  );
  return { messages, tokens: messages.reduce((sum, { tokens }) => sum + tokens, 0) };
}

function explainSummary({ summary }: ForeseenOverflow): ExplainedSummary | null {
  const deployment: Deployment | undefined = summary?.plan.rungs[0]?.candidates[0];
  if (!summary || !deployment) return null;
  const { estimatedInputTokens, estimatedOutputTokens } = summary.plan;
  const cost = estimateCost(summary.plan, deployment.model);
  return {
    model: deployment.model.id,
    deployment: deployment.id,
    provider: deployment.provider,
    region: deployment.region,
    estimatedInputTokens,
    estimatedOutputTokens,
    estimatedCostUsd: cost === null ? null : formatUsd(cost),
  };
}
