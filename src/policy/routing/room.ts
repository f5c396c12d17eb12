/** How many tokens of input a deployment has room for. Owns the sum. */
import type { Deployment } from "../../core/deployment.ts";

/** The window without the output that may be asked for; what a model cannot produce needs no room. */
export function roomFor({ model }: Deployment, outputTokens: number): number {
  return model.contextWindow - Math.min(outputTokens, model.maxOutputTokens);
}
