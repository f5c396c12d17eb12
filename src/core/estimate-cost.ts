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

/** Output that is planned for when neither the caller nor the use case bounds it. */
const DEFAULT_OUTPUT_TOKENS = 1024;

/** Tokens of one answer that are planned for. `asked`: by the caller; `cap`: the use case's, null where it has none. */
export function plannedOutput(asked: number | undefined, cap: number | null): number {
  if (asked === undefined) return cap ?? DEFAULT_OUTPUT_TOKENS;
  return cap === null || asked < cap ? asked : cap;
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
