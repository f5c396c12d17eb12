/** Why a choice ended, both ways. Owns the mapping between the servers' words and the unified ones. */
import type { FinishReason, UnifiedFinish } from "../../core/events.ts";

/** Beside the wire's own five, words that OpenAI-compatible servers use for the same things. */
const UNIFIED: Readonly<Record<string, UnifiedFinish>> = {
  stop: "stop",
  eos_token: "stop",
  eos: "stop",
  stop_sequence: "stop",
  length: "length",
  max_tokens: "length",
  model_length: "length",
  tool_calls: "tool_calls",
  function_call: "tool_calls",
  content_filter: "content_filter",
};

/** Words with which a server says that it gave up: the choice is broken, not complete. */
const BROKEN: ReadonlySet<string> = new Set(["error", "abort", "insufficient_system_resource"]);

/** A choice that broke off has no reason: the wire has no word for it, and any other would be a lie. */
const RENDERED: Readonly<Record<UnifiedFinish, string | null>> = {
  stop: "stop",
  length: "length",
  tool_calls: "tool_calls",
  content_filter: "content_filter",
  refusal: "content_filter",
  incomplete: null,
  other: "stop",
};

export function readFinish(raw: string | null): FinishReason {
  const unified = raw !== null && Object.hasOwn(UNIFIED, raw) ? UNIFIED[raw] : undefined;
  return { unified: unified ?? "other", raw };
}

export function isBrokenFinish(raw: string): boolean {
  return BROKEN.has(raw);
}

/** One of the five words that the wire's clients know, or null for a choice that never came to its end. */
export function renderFinish(reason: FinishReason): string | null {
  return RENDERED[reason.unified];
}
