/** Token counts of this wire, both ways. Owns that thinking is counted inside the output here. */
import type { Usage } from "../../core/events.ts";
import { isRecord } from "../fields.ts";
import { statesUsage, tokenCount } from "../token-count.ts";
import type { JsonObject } from "../wire.ts";

/**
 * The wire's input classes are disjoint already; `output_tokens` includes `output_tokens_details.thinking_tokens`.
 * Null for a block that reports nothing.
 */
export function readUsage(raw: unknown): Usage | null {
  if (!isRecord(raw) || !statesUsage(raw, "input_tokens", "output_tokens")) return null;
  const output = tokenCount(raw.output_tokens);
  const details = raw.output_tokens_details;
  const reasoningTokens = Math.min(output, isRecord(details) ? tokenCount(details.thinking_tokens) : 0);
  const cacheWriteTokens = tokenCount(raw.cache_creation_input_tokens);
  const cacheWrite1hTokens = Math.min(cacheWriteTokens, keptForAnHour(raw.cache_creation));
  return {
    inputTokens: tokenCount(raw.input_tokens),
    cacheReadTokens: tokenCount(raw.cache_read_input_tokens),
    cacheWriteTokens,
    ...(cacheWrite1hTokens > 0 && { cacheWrite1hTokens }),
    outputTokens: output - reasoningTokens,
    reasoningTokens,
    raw,
  };
}

/** By how long it is kept, of which the block states the sum besides. */
function keptForAnHour(split: unknown): number {
  return isRecord(split) ? tokenCount(split.ephemeral_1h_input_tokens) : 0;
}

/** Counts are running totals: a later one replaces, and one that is absent or null leaves the earlier. */
export function mergeUsage(earlier: JsonObject | null, later: JsonObject): JsonObject {
  if (earlier === null) return later;
  const merged: Record<string, unknown> = { ...earlier };
  for (const key in later) {
    const value = later[key];
    if (value !== null && value !== undefined && key !== "__proto__") merged[key] = value;
  }
  return merged;
}

/**
 * The wire's usage block, which must always state numbers: where the provider said nothing, the input is the
 * gateway's estimate and the output 0. Details of a provider of the same wire that the contract lacks are kept.
 */
export function renderUsage(usage: Usage | null, estimatedInputTokens: number): JsonObject {
  const block: Record<string, unknown> = ownRaw(usage?.raw);
  block.input_tokens = usage?.inputTokens ?? estimatedInputTokens;
  block.cache_creation_input_tokens = usage?.cacheWriteTokens ?? 0;
  block.cache_read_input_tokens = usage?.cacheReadTokens ?? 0;
  block.output_tokens = usage === null ? 0 : usage.outputTokens + usage.reasoningTokens;
  if (usage?.cacheWrite1hTokens) {
    block.cache_creation = {
      ephemeral_5m_input_tokens: usage.cacheWriteTokens - usage.cacheWrite1hTokens,
      ephemeral_1h_input_tokens: usage.cacheWrite1hTokens,
    };
  }
  if (usage !== null && usage.reasoningTokens > 0) {
    const details = block.output_tokens_details;
    block.output_tokens_details = {
      ...(isRecord(details) && details),
      thinking_tokens: usage.reasoningTokens,
    };
  }
  return block;
}

/** Everything that was input, whatever the class. */
export function inputTokens(usage: Usage): number {
  return usage.inputTokens + usage.cacheReadTokens + usage.cacheWriteTokens;
}

/** A copy to be written to. Another API's block has fields of the same names and a total besides. */
function ownRaw(raw: unknown): Record<string, unknown> {
  const own = isRecord(raw) && typeof raw.input_tokens === "number" && !("total_tokens" in raw);
  return own ? { ...raw } : {};
}
