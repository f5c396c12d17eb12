/** What a copy is expected to cost at the most. Owns nothing; null for a model without a price. */
import { NO_USAGE } from "../../core/events.ts";
import { costOf, type NanoDollars } from "../../core/money.ts";
import type { ShadowCall } from "../../core/plan.ts";

type Estimated = Pick<ShadowCall, "deployment" | "estimatedInputTokens" | "estimatedOutputTokens">;

export function estimateShadowCost(call: Estimated): NanoDollars | null {
  const { prices, maxOutputTokens } = call.deployment.model;
  if (!prices) return null;
  const outputTokens = Math.min(call.estimatedOutputTokens, maxOutputTokens);
  return costOf({ ...NO_USAGE, inputTokens: call.estimatedInputTokens, outputTokens }, prices);
}
