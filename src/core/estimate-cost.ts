/**
 * What one call costs at most before it is made, and how long its answer may be for a given sum. Owns which output is
 * counted; what was spent, and how high a ceiling is, it is told.
 */
import type { ModelSpec } from "./deployment.ts";
import { NO_USAGE } from "./events.ts";
import { costOf, type NanoDollars, type Prices } from "./money.ts";
import type { RoutePlan } from "./plan.ts";
import type { ReasoningControl } from "./request.ts";

/**
 * Tokens that an answer of the model has at the most, as far as somebody stated them; else infinite: what was only
 * assumed cuts nothing that a caller asks for.
 */
export function outputLimit({
  maxOutputTokens,
  maxOutputAssumed,
}: Pick<ModelSpec, "maxOutputTokens" | "maxOutputAssumed">): number {
  return maxOutputAssumed ? Number.POSITIVE_INFINITY : maxOutputTokens;
}

/** Output that is planned for when neither the caller nor the use case bounds it: what a ceiling must at least pay for. */
const DEFAULT_OUTPUT_TOKENS = 1024;

/** As many again for thoughts, which count within the same limit: 1,024 is the least that Claude thinks. */
const DEFAULT_WITH_THOUGHTS = 2 * DEFAULT_OUTPUT_TOKENS;

/** Share of a window that is left free for what an input may be longer than its estimate, of that estimate. */
const INPUT_MARGIN = 1 / 3;

/** What a call asks of whoever answers it. */
export type CallSize = Pick<
  RoutePlan,
  "estimatedInputTokens" | "estimatedOutputTokens" | "choices" | "openEnded"
>;

/**
 * Tokens of one answer that are planned for. `asked`: by the caller; `cap`: the use case's, null where it has none;
 * `reasoning`: how much the caller wants to be thought, absent where it leaves that to the model.
 */
export function plannedOutput(
  asked: number | undefined,
  cap: number | null,
  reasoning?: ReasoningControl,
): number {
  if (asked === undefined)
    return cap ?? (wantsThoughts(reasoning) ? DEFAULT_WITH_THOUGHTS : DEFAULT_OUTPUT_TOKENS);
  return cap === null || asked < cap ? asked : cap;
}

function wantsThoughts(reasoning: ReasoningControl | undefined): boolean {
  if (reasoning?.effort !== undefined) return reasoning.effort !== "none";
  return reasoning?.budgetTokens !== undefined && reasoning.budgetTokens > 0;
}

/** With the output that is planned for; null for a model without a price. */
export function estimateCost(
  { estimatedInputTokens, estimatedOutputTokens, choices }: CallSize,
  model: ModelSpec,
): NanoDollars | null {
  return costAtMost(estimatedInputTokens, estimatedOutputTokens, choices, model);
}

/**
 * The limit of each choice that `model` is sent where nobody states one and the call may cost `left`: what that pays
 * for, no more than the model is taken to produce and than its window has room for, and no less than what is planned,
 * without which no call is admitted. Null: somebody states one, or nothing bounds the cost (`left` null, no price).
 */
export function limitWithin(size: CallSize, model: ModelSpec, left: NanoDollars | null): number | null {
  const { prices, maxOutputTokens, contextWindow } = model;
  if (!size.openEnded || left === null || !prices) return null;
  const { estimatedInputTokens: input, estimatedOutputTokens: planned, choices } = size;
  const price = choices * outputPrice(prices);
  // Both in thousandths of a nano-dollar.
  const paidFor = price === 0 ? maxOutputTokens : Math.floor((left * 1000 - input * prices.input) / price);
  const room = contextWindow - Math.ceil(input * (1 + INPUT_MARGIN));
  return Math.max(Math.min(planned, maxOutputTokens), Math.min(paidFor, room, maxOutputTokens));
}

/** What a call that may cost `left` costs at most, with all of the output that it may have; null: no price. */
export function costWithin(size: CallSize, model: ModelSpec, left: NanoDollars | null): NanoDollars | null {
  const limit = limitWithin(size, model, left);
  if (limit === null) return estimateCost(size, model);
  return costAtMost(size.estimatedInputTokens, limit, size.choices, model);
}

/** Of input that is read once, and of `outputTokens` for each choice; null for a model without a price. */
export function costAtMost(
  inputTokens: number,
  outputTokens: number,
  choices: number,
  model: ModelSpec,
): NanoDollars | null {
  if (!model.prices) return null;
  const output = choices * Math.min(outputTokens, outputLimit(model));
  const prices = { ...model.prices, output: outputPrice(model.prices) };
  return costOf({ ...NO_USAGE, inputTokens, outputTokens: output }, prices);
}

/** All of an answer may be thought: hidden reasoning is output, within the same limit. */
function outputPrice({ output, reasoning = 0 }: Prices): number {
  return Math.max(output, reasoning);
}
