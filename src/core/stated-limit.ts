/** Whose limit on an answer it is. Owns how that is told after it was lowered, or set where there was none. */
import type { ModelRequest } from "./request.ts";

/** By the caller, whatever is sent now; undefined: none, or an arm's takes its place. */
export function statedLimit({ sampling, origin }: ModelRequest): number | undefined {
  if (origin.limitByPolicy) return undefined;
  return origin.limitBefore === undefined ? sampling.maxTokens : (origin.limitBefore ?? undefined);
}
