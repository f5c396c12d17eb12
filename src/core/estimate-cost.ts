/** What one call is expected to cost before it is made. Owns which output it is counted with; knows no ceiling. */
import type { ModelSpec } from "./deployment.ts";
import { NO_USAGE } from "./events.ts";
import { costOf, type NanoDollars } from "./money.ts";
import type { RoutePlan } from "./plan.ts";

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

/** At the most; null for a model without a price. */
export function estimateCost(
  {
    estimatedInputTokens,
    estimatedOutputTokens,
    choices,
  }: Pick<RoutePlan, "estimatedInputTokens" | "estimatedOutputTokens" | "choices">,
  model: ModelSpec,
): NanoDollars | null {
  return costAtMost(estimatedInputTokens, estimatedOutputTokens, choices, model);
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
  return costOf({ ...NO_USAGE, inputTokens, outputTokens: output }, model.prices);
}
