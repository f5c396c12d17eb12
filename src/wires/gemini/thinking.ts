/**
 * How much a model shall think, in this wire's two vocabularies: levels, and for models before Gemini 3 a
 * budget of tokens. https://ai.google.dev/gemini-api/docs/thinking
 */

import { isRecord } from "../../core/json.ts";
import type { Effort, ReasoningControl } from "../../core/request.ts";
import { budgetOf } from "../effort.ts";
import type { JsonObject } from "../wire.ts";

type Level = "MINIMAL" | "LOW" | "MEDIUM" | "HIGH";

/** Tokens of thinking that a model takes; `canBeOff`: 0 too. -1 leaves it to every model. */
interface Budgets {
  readonly least: number;
  readonly most: number;
  readonly canBeOff: boolean;
}

const LEVELS: Readonly<Record<Effort, Level>> = {
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
/** No model takes more. */
const MOST_BUDGET = 32_768;
/** The tables of "Control model thinking", docs.cloud.google.com/vertex-ai/generative-ai/docs/thinking. */
const BUDGETS: readonly (readonly [RegExp, Budgets])[] = [
  [/gemini-2\.5-pro/, { least: 128, most: MOST_BUDGET, canBeOff: false }],
  [/gemini-2\.5-flash-lite/, { least: 512, most: 24_576, canBeOff: true }],
];
const USUAL_BUDGETS: Budgets = { least: 1, most: 24_576, canBeOff: true };
const KNOWN_LEVELS: readonly (readonly [RegExp, readonly Level[]])[] = [
  [/gemini-3-pro/, ["LOW", "HIGH"]],
  [/gemini-3-flash|gemini-3\.1-flash-lite|gemini-3\.5-flash/, ["MINIMAL", "LOW", "MEDIUM", "HIGH"]],
  // Gemini 3.1 Pro's and those of the newest Flash models.
  [/gemini-/, ["LOW", "MEDIUM", "HIGH"]],
];
/** All of them, in their order; a name that says nothing refuses none. */
const SCALE: readonly string[] = ["MINIMAL", "LOW", "MEDIUM", "HIGH"];
const THINKS_ANYWAY = "cannot be `none` for the model that was chosen; the least was asked for";

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

/**
 * `thinkingConfig`, by the scale that the model has. Thoughts are asked for wherever thinking is. What the caller states
 * itself may be beyond the model: `fitThinking` says so.
 */
export function renderThinking(reasoning: ReasoningControl, modelId: string): JsonObject {
  const { effort, budgetTokens } = reasoning;
  if (budgetTokens !== undefined) return withThoughts({ thinkingBudget: budgetTokens }, budgetTokens > 0);
  if (effort === undefined) return withThoughts({}, true);
  if (!WITH_BUDGET.test(modelId)) return withThoughts({ thinkingLevel: LEVELS[effort] }, effort !== "none");
  const thinkingBudget = Math.min(budgetOf(effort), budgetsOf(modelId).most);
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

/** A caller's or a rendered `thinkingConfig` as the model takes it. */
export interface FittedThinking {
  readonly config: JsonObject;
  /** What was lost, as it follows the control's name; null: nothing. */
  readonly why: string | null;
}

/**
 * `config` in the bounds and on the scale of the model: a caller that names a use case cannot know which it will be.
 * Models with levels take budgets too, "for backwards compatibility". `limit`: of thoughts and answer together, where it is
 * not the caller's own; null: the caller's is its own to keep consistent. A budget is cut to it, and nothing is lost by that.
 */
export function fitThinking(
  config: JsonObject,
  reasoning: ReasoningControl,
  modelId: string,
  limit: number | null,
): FittedThinking {
  const { thinkingBudget: budget, thinkingLevel: level, ...rest } = config;
  const off = reasoning.effort === "none" || (reasoning.effort === undefined && reasoning.budgetTokens === 0);
  if (WITH_BUDGET.test(modelId)) {
    const bounds = budgetsOf(modelId);
    if (off && !bounds.canBeOff) {
      return { config: { ...rest, thinkingBudget: bounds.least }, why: THINKS_ANYWAY };
    }
    if (level !== undefined) {
      const thinkingBudget = withinLimit(
        inBounds(budgetOf(reasoning.effort ?? "high"), bounds),
        bounds,
        limit,
      );
      return { config: { ...rest, thinkingBudget }, why: null };
    }
    if (typeof budget !== "number" || budget <= 0) return { config, why: null };
    const possible = inBounds(budget, bounds);
    const thinkingBudget = withinLimit(possible, bounds, limit);
    if (possible === budget) return { config: { ...config, thinkingBudget }, why: null };
    const why = `is beyond the chosen model's bounds: a budget of ${thinkingBudget} tokens was sent`;
    return { config: { ...rest, thinkingBudget }, why };
  }
  const known = levelsOf(modelId);
  const levels = known ?? SCALE;
  // A name that says nothing may be that of a model with budgets.
  if (off && (known !== null || budget === undefined)) {
    return { config: { ...rest, thinkingLevel: levels[0] }, why: THINKS_ANYWAY };
  }
  if (typeof budget === "number" && budget > MOST_BUDGET) {
    return { config: { ...rest, thinkingLevel: "HIGH" }, why: null };
  }
  const asked = typeof level === "string" ? level.toUpperCase() : null;
  if (asked === null || levels.includes(asked)) return { config, why: null };
  const next = levels.find((one) => SCALE.indexOf(one) > SCALE.indexOf(asked));
  return {
    config: { ...rest, thinkingLevel: next },
    why: `is not one of the chosen model's levels: the next, ${next}, was sent`,
  };
}

function inBounds(budget: number, { least, most }: Budgets): number {
  return Math.min(Math.max(budget, least), most);
}

/** A quarter of the output is left for the answer. */
function withinLimit(budget: number, { least }: Budgets, limit: number | null): number {
  return limit === null ? budget : Math.min(budget, Math.max(least, Math.floor((limit * 3) / 4)));
}

function budgetsOf(modelId: string): Budgets {
  return BUDGETS.find(([pattern]) => pattern.test(modelId))?.[1] ?? USUAL_BUDGETS;
}

function levelsOf(modelId: string): readonly string[] | null {
  return KNOWN_LEVELS.find(([pattern]) => pattern.test(modelId))?.[1] ?? null;
}

function withThoughts(config: JsonObject, wanted: boolean): JsonObject {
  return wanted ? { ...config, includeThoughts: true } : config;
}
