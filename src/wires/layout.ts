/** What of an answer tells how it is laid out and nothing of what it says. Owns which unmodelled events are that. */
import type { Extra } from "../core/events.ts";
import { fromExtra } from "./openai-responses/fields.ts";

/**
 * Whether an `opaque` event with `extra` has no content of the answer's: it opens an item or a part, or stands for thoughts
 * that the provider keeps. Only the Responses wire lays an answer out so; what others tell unmodelled is content.
 */
export function isLayout(extra: Extra): boolean {
  if (fromExtra(extra, "opens") !== null || fromExtra(extra, "part") !== null) return true;
  return fromExtra(extra, "item")?.type === "reasoning";
}
