/** Usage and reasons in the native spelling, both ways. Owns the names; the provider's own block stays here. */
import type { FinishReason, UnifiedFinish, Usage } from "../../core/events.ts";
import { isRecord } from "../../core/json.ts";
import { tokenCount } from "../token-count.ts";
import type { JsonObject } from "../wire.ts";

const UNIFIED: ReadonlySet<unknown> = new Set<UnifiedFinish>([
  "stop",
  "length",
  "tool_calls",
  "content_filter",
  "refusal",
  "other",
]);

export function renderUsage(usage: Usage): JsonObject {
  return {
    input_tokens: usage.inputTokens,
    cache_read_tokens: usage.cacheReadTokens,
    cache_write_tokens: usage.cacheWriteTokens,
    ...(usage.cacheWrite1hTokens && { cache_write_1h_tokens: usage.cacheWrite1hTokens }),
    output_tokens: usage.outputTokens,
    reasoning_tokens: usage.reasoningTokens,
  };
}

export function readUsage(raw: unknown): Usage | null {
  if (!isRecord(raw)) return null;
  const cacheWriteTokens = tokenCount(raw.cache_write_tokens);
  const cacheWrite1hTokens = Math.min(cacheWriteTokens, tokenCount(raw.cache_write_1h_tokens));
  return {
    inputTokens: tokenCount(raw.input_tokens),
    cacheReadTokens: tokenCount(raw.cache_read_tokens),
    cacheWriteTokens,
    ...(cacheWrite1hTokens > 0 && { cacheWrite1hTokens }),
    outputTokens: tokenCount(raw.output_tokens),
    reasoningTokens: tokenCount(raw.reasoning_tokens),
    raw,
  };
}

export function renderReason({ unified, raw, stopSequence }: FinishReason): JsonObject {
  return { unified, raw, ...(stopSequence !== undefined && { stop_sequence: stopSequence }) };
}

/** A word that a later version added counts as `other`. */
export function readReason(reason: unknown): FinishReason | null {
  if (!isRecord(reason)) return null;
  const { unified, raw, stop_sequence: stopSequence } = reason;
  return {
    unified: isUnified(unified) ? unified : "other",
    raw: typeof raw === "string" ? raw : null,
    ...(typeof stopSequence === "string" && { stopSequence }),
  };
}

function isUnified(word: unknown): word is UnifiedFinish {
  return UNIFIED.has(word);
}
