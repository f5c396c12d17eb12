/** Labels at the end of an answer. Owns the one that is known only there: whose count its usage is. */
import type { JsonObject, RenderContext } from "./wire.ts";

/** The answer's labels, with one more where its usage is the gateway's estimate; undefined: none. */
export function endLabels({ labels }: RenderContext, estimated: boolean): JsonObject | undefined {
  return estimated ? { ...labels, usage: "estimated" } : labels;
}
