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

/**
 * `hasCalls`: OpenAI says `stop` of a call that the request forced, and some servers of every call; one that gives no
 * reason and made calls ended with them.
 */
export function readFinish(raw: string | null, hasCalls: boolean): FinishReason {
  const unified = raw !== null && Object.hasOwn(UNIFIED, raw) ? UNIFIED[raw] : undefined;
  if (hasCalls && (raw === null || unified === "stop")) return { unified: "tool_calls", raw };
  return { unified: unified ?? "other", raw };
}

export function isBrokenFinish(raw: string): boolean {
  return BROKEN.has(raw);
}

/**
 * One of the words that the wire's clients know, or null for a choice that never came to its end. A provider's own
 * `stop` of a choice with calls is kept: whoever forced a call is told so by OpenAI too.
 */
export function renderFinish({ unified, raw }: FinishReason): string | null {
  return unified === "tool_calls" && raw === "stop" ? raw : RENDERED[unified];
}
