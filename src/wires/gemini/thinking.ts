/**
 * How much a model shall think, in this wire's two vocabularies: levels, and for models before Gemini 3 a
 * budget of tokens. https://ai.google.dev/gemini-api/docs/thinking
 */

import { isRecord } from "../../core/json.ts";
import type { Effort, ReasoningControl } from "../../core/request.ts";
import { budgetOf } from "../effort.ts";
import type { JsonObject } from "../wire.ts";

const LEVELS: Readonly<Record<Effort, string>> = {
  none: "MINIMAL",
  minimal: "MINIMAL",
  low: "LOW",
  medium: "MEDIUM",
  high: "HIGH",
  xhigh: "HIGH",
};
const EFFORTS: Readonly<Record<string, Effort>> = {
  minimal: "minimal",
  low: "low",
  medium: "medium",
  high: "high",
};
const WITH_BUDGET = /gemini-2(?:\.|-|$)/;
/** The largest budget that every model with budgets takes. */
const MAX_BUDGET = 24_576;

/** Undefined where the caller leaves it to the model: nothing stated, or a dynamic budget. */
export function readThinking(config: {
  readonly thinkingBudget?: number | null | undefined;
  readonly thinkingLevel?: string | null | undefined;
}): ReasoningControl | undefined {
  const effort = EFFORTS[config.thinkingLevel?.toLowerCase() ?? ""];
  if (effort !== undefined) return { effort };
  const budget = config.thinkingBudget;
  return typeof budget === "number" && budget >= 0 ? { budgetTokens: budget } : undefined;
}

/** `thinkingConfig`. Thoughts are asked for wherever thinking is. */
export function renderThinking(reasoning: ReasoningControl, modelId: string): JsonObject {
  const { effort, budgetTokens } = reasoning;
  if (budgetTokens !== undefined) return withThoughts({ thinkingBudget: budgetTokens }, budgetTokens > 0);
  if (effort === undefined) return withThoughts({}, true);
  if (!WITH_BUDGET.test(modelId)) return withThoughts({ thinkingLevel: LEVELS[effort] }, effort !== "none");
  const thinkingBudget = Math.min(budgetOf(effort), MAX_BUDGET);
  return withThoughts({ thinkingBudget }, thinkingBudget > 0);
}

/** A caller's own `thinkingConfig` with another depth: whether thoughts are told stays as it was, where there are any. */
export function rewordThinking(own: unknown, reasoning: ReasoningControl, modelId: string): JsonObject {
  const {
    thinkingBudget: _budget,
    thinkingLevel: _level,
    includeThoughts,
    ...rest
  } = isRecord(own) ? own : {};
  const { includeThoughts: _ours, ...depth } = renderThinking(reasoning, modelId);
  // Asked for where there are none, the API refuses the request.
  const tells = includeThoughts !== undefined && depth.thinkingBudget !== 0;
  return { ...rest, ...(tells && { includeThoughts }), ...depth };
}

/** Models with levels cannot be told not to think at all. */
export function thinksAnyway({ effort, budgetTokens }: ReasoningControl, modelId: string): boolean {
  return effort === "none" && budgetTokens === undefined && !WITH_BUDGET.test(modelId);
}

function withThoughts(config: JsonObject, wanted: boolean): JsonObject {
  return wanted ? { ...config, includeThoughts: true } : config;
}
