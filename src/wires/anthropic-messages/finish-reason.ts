/** Why a message ended, both ways. Owns the mapping between the wire's words and the unified ones. */
import type { FinishReason, UnifiedFinish } from "../../core/events.ts";
import type { JsonObject } from "../wire.ts";

const UNIFIED: Readonly<Record<string, UnifiedFinish>> = {
  end_turn: "stop",
  stop_sequence: "stop",
  max_tokens: "length",
  model_context_window_exceeded: "length",
  tool_use: "tool_calls",
  refusal: "refusal",
  pause_turn: "other",
  compaction: "other",
};

/** Reasons that explain why a message has no content at all. */
const EXPLAINS_EMPTINESS: ReadonlySet<string> = new Set([
  "max_tokens",
  "model_context_window_exceeded",
  "stop_sequence",
  "refusal",
  "pause_turn",
  "compaction",
]);

/** A message that broke off has no reason: the wire has no word for it, and any other would be a lie. */
const RENDERED: Readonly<Record<UnifiedFinish, string | null>> = {
  stop: "end_turn",
  length: "max_tokens",
  tool_calls: "tool_use",
  content_filter: "refusal",
  refusal: "refusal",
  incomplete: null,
  other: "end_turn",
};

/**
 * `holder` has `stop_reason` and `stop_sequence`: a message, or the delta of a `message_delta`. `hasCalls`: a message
 * with calls whose turn is said to have ended, or of which nothing is said, ended with them.
 */
export function readFinish(holder: JsonObject, hasCalls: boolean): FinishReason {
  const raw = typeof holder.stop_reason === "string" ? holder.stop_reason : null;
  const unified = hasCalls && (raw === null || raw === "end_turn") ? "tool_calls" : unifiedOf(raw);
  const stop = holder.stop_sequence;
  return typeof stop === "string" && stop !== "" ? { unified, raw, stopSequence: stop } : { unified, raw };
}

function unifiedOf(raw: string | null): UnifiedFinish {
  return raw === null || !Object.hasOwn(UNIFIED, raw) ? "other" : (UNIFIED[raw] ?? "other");
}

export function explainsEmptiness(reason: FinishReason): boolean {
  return reason.raw !== null && EXPLAINS_EMPTINESS.has(reason.raw);
}

/**
 * The wire's word: the provider's own where it is one of them and says the same. Null for a message that never
 * came to its end.
 */
export function renderFinish(reason: FinishReason): string | null {
  const { raw, unified } = reason;
  if (reason.stopSequence !== undefined) return "stop_sequence";
  if (raw !== null && Object.hasOwn(UNIFIED, raw) && UNIFIED[raw] === unified) return raw;
  return RENDERED[unified];
}
