/** Thinking of Claude behind Converse. Owns which of its two ways a generation takes, and what goes with it. */
import { isRecord } from "../../core/json.ts";
import type { Effort, ModelRequest } from "../../core/request.ts";
import { begunBy, CANNOT_THINK } from "../begun-answer.ts";
import { budgetOf } from "../effort.ts";
import { type Losses, lose, nameOf } from "../losses.ts";
import { traitsOf } from "../model-version.ts";
import type { JsonObject } from "../wire.ts";
import { WIRE_ID } from "./fields.ts";

/** The least that a budget may be. */
const MIN_BUDGET = 1024;

/** What `additionalModelRequestFields` say of Claude's thinking, in either of the two words for it. */
export function claudeThinking(fields: unknown): unknown {
  return isRecord(fields) ? (fields.thinking ?? fields.reasoning_config) : undefined;
}

/**
 * Whether thinking is asked for in a way that this generation refuses, a name that tells none refusing nothing; with
 * a budget for which the limit, where it is not the caller's own any more, has no room; where another model's answer is
 * gone on with; or in a conversation that has none before its last calls, as after a turn of another provider's model.
 * `messages`: as they are sent.
 */
export function misfitsClaude(
  fields: JsonObject,
  messages: unknown,
  modelId: string,
  request: ModelRequest,
): boolean {
  const traits = traitsOf(modelId);
  const thinking = claudeThinking(fields);
  if (!isRecord(thinking)) return false;
  if (begunBy(request, WIRE_ID) !== null) return true;
  if (thinking.type === "enabled" && lacksThinking(messages)) return true;
  const limit = request.origin.rewritten.has("sampling") ? request.sampling.maxTokens : undefined;
  if (limit !== undefined && Number(thinking.budget_tokens) >= limit) return true;
  if (traits === null) return false;
  if (thinking.type === "adaptive") return !traits.adaptiveThinking;
  return !traits.thinkingBudgets;
}

/**
 * Writes `thinking` into `fields`; returns the effort that goes beside it, null where there is none. `messages`: as
 * they are sent, since what is left out of them is not there to go on from.
 */
export function renderClaudeThinking(
  fields: Record<string, unknown>,
  messages: unknown,
  effort: Effort,
  request: ModelRequest,
  modelId: string,
  losses: Losses,
): Effort | null {
  const control = nameOf("reasoning", request.origin.wire);
  if (isForced(request)) {
    lose(losses, control, "was not sent: the chosen model cannot think when it is made to call a tool.");
    return null;
  }
  const begun = begunBy(request, WIRE_ID);
  if (begun !== null) {
    if (begun === "caller") lose(losses, control, CANNOT_THINK);
    return null;
  }
  const traits = traitsOf(modelId);
  const budgetTokens = request.reasoning?.budgetTokens ?? 0;
  const takesBudget = traits === null ? budgetTokens > 0 : traits.thinkingBudgets;
  if (!takesBudget || (budgetTokens === 0 && traits?.adaptiveThinking !== false)) {
    fields.thinking = { type: "adaptive" };
    // The first generation that thinks so knows no effort between high and the highest.
    return effort === "xhigh" && traits?.thinkingBudgets === true ? "high" : atLeastLow(effort);
  }
  if (lacksThinking(messages)) {
    lose(
      losses,
      control,
      "was not sent: the chosen model wants its own thinking back before the last tool call.",
    );
    return null;
  }
  const budget = fitting(budgetTokens || budgetOf(effort), request.sampling.maxTokens);
  if (budget > 0) fields.thinking = { type: "enabled", budget_tokens: budget };
  else
    lose(losses, control, "was not sent: the chosen model needs more than 1,024 tokens of output to think.");
  return null;
}

export function atLeastLow(effort: Effort): Effort {
  return effort === "none" || effort === "minimal" ? "low" : effort;
}

function isForced({ toolChoice }: ModelRequest): boolean {
  return toolChoice?.type === "required" || toolChoice?.type === "tool";
}

/** A budget counts against the limit of tokens: one that leaves no room is cut. 0: there is none to have. */
function fitting(wanted: number, limit: number | undefined): number {
  const budget = Math.max(MIN_BUDGET, wanted);
  if (limit === undefined || budget < limit) return budget;
  return limit > MIN_BUDGET ? Math.max(MIN_BUDGET, Math.floor((limit * 3) / 4)) : 0;
}

/** Whether the last turn of the model calls tools and does not begin with thinking. */
function lacksThinking(messages: unknown): boolean {
  const turns: readonly JsonObject[] = Array.isArray(messages) ? messages : [];
  const last = turns.findLast((turn) => turn.role === "assistant");
  if (last === undefined || !Array.isArray(last.content)) return false;
  const [first]: readonly JsonObject[] = last.content;
  return first?.reasoningContent === undefined && last.content.some((block: JsonObject) => block.toolUse);
}
