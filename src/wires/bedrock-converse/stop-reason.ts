/** Why an answer ended, both ways. Owns the mapping between this wire's words and the unified ones. */
import type { FinishReason, UnifiedFinish } from "../../core/events.ts";
import type { Fault } from "../../core/faults.ts";
import { isRecord } from "../../core/json.ts";
import { malformedCall, malformedOutput } from "../provider-fault.ts";
import type { JsonObject } from "../wire.ts";

const UNIFIED: Readonly<Record<string, UnifiedFinish>> = {
  end_turn: "stop",
  stop_sequence: "stop",
  max_tokens: "length",
  model_context_window_exceeded: "length",
  tool_use: "tool_calls",
  content_filtered: "content_filter",
  guardrail_intervened: "content_filter",
  refusal: "refusal",
  malformed_model_output: "other",
  malformed_tool_use: "other",
};

/** Words with which the service says that what the model wrote is no answer, and the fault that each is. */
const BROKEN: Readonly<Record<string, () => Fault>> = {
  malformed_model_output: malformedOutput,
  malformed_tool_use: malformedCall,
};

const RENDERED: Readonly<Record<UnifiedFinish, string>> = {
  stop: "end_turn",
  length: "max_tokens",
  tool_calls: "tool_use",
  content_filter: "content_filtered",
  refusal: "content_filtered",
  // Clients must have a word, and this one says that what came is what could be read of more.
  incomplete: "malformed_model_output",
  other: "end_turn",
};
/** Words that this wire's clients do not know. */
const UNKNOWN: ReadonlySet<string> = new Set(["refusal"]);

/**
 * `source` is a `messageStop` or a whole answer; which stop sequence it was, models tell in their own fields.
 * `hasCalls`: some models end their turn by the service's word where they made calls; they ended with them.
 */
export function readStopReason(source: JsonObject, hasCalls: boolean): FinishReason {
  const raw = typeof source.stopReason === "string" && source.stopReason !== "" ? source.stopReason : null;
  const found = raw !== null && Object.hasOwn(UNIFIED, raw) ? UNIFIED[raw] : undefined;
  const unified = hasCalls && (raw === null || raw === "end_turn") ? "tool_calls" : found;
  const own = source.additionalModelResponseFields;
  const sequence = isRecord(own) ? own.stop_sequence : undefined;
  const reason: FinishReason = { unified: unified ?? "other", raw };
  return typeof sequence === "string" ? { ...reason, stopSequence: sequence } : reason;
}

/** What is wrong with an answer that ended so; null where nothing is. */
export function brokenStop({ raw }: FinishReason): Fault | null {
  return raw !== null && Object.hasOwn(BROKEN, raw) ? (BROKEN[raw]?.() ?? null) : null;
}

/** One of the words that the wire's clients know; the provider's own where it is one. */
export function renderStopReason({ unified, raw, stopSequence }: FinishReason): string {
  if (raw !== null && !UNKNOWN.has(raw) && Object.hasOwn(UNIFIED, raw) && UNIFIED[raw] === unified)
    return raw;
  return stopSequence === undefined ? RENDERED[unified] : "stop_sequence";
}
