/** Cache hints as this wire's cache points. Owns how many there may be and which are left out. */
import type { CacheHint, ModelRequest } from "../../core/request.ts";
import { type Losses, lose, nameOf } from "../losses.ts";
import type { JsonObject, LowerTarget } from "../wire.ts";

/** Bedrock refuses a request with more. */
const MAX_POINTS = 4;

export interface CachePoints {
  /** The block to put behind what is hinted at; null where none is sent. To be asked in the prompt's order. */
  render(hint: CacheHint | undefined): JsonObject | null;
}

/** The last ones stay: each of them covers everything before it. */
export function cachePointsOf(request: ModelRequest, target: LowerTarget, losses: Losses): CachePoints {
  const control = nameOf("cache", request.origin.wire);
  if (!target.capabilities.has("prompt_caching")) {
    return {
      render(hint) {
        if (hint !== undefined) lose(losses, control);
        return null;
      },
    };
  }
  let excess = countHints(request) - MAX_POINTS;
  if (excess > 0) lose(losses, control, `goes with ${MAX_POINTS} parts at the most: the last were kept.`);
  return {
    render(hint) {
      if (hint === undefined || excess-- > 0) return null;
      // Five minutes is what every model does by itself; only some know the word.
      return { cachePoint: hint.ttl === "1h" ? { type: "default", ttl: "1h" } : { type: "default" } };
    },
  };
}

function countHints({ tools, messages }: ModelRequest): number {
  let count = 0;
  for (const tool of tools) if (tool.cache !== undefined) count++;
  for (const { content } of messages) {
    for (const part of content) if ("cache" in part && part.cache !== undefined) count++;
  }
  return count;
}
