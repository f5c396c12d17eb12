/** Whether a deployment's calls can be priced. */
import type { Deployment } from "../../core/deployment.ts";
import { type Verdict, warning } from "./check-result.ts";

/** Null where they can. */
export function checkPrices({ model }: Deployment): Verdict | null {
  if (model.prices !== undefined) return null;
  return warning(
    `The model ${model.id} has no prices: its costs are unknown and no ceiling holds.`,
    `Add prices: { input: …, output: … } under models.${model.id}, in US dollars per million tokens.`,
  );
}
