/** Token counts of this wire, both ways. Owns that thinking is counted inside the output here. */
import type { Usage } from "../../core/events.ts";
import { isRecord } from "../../core/json.ts";
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

/** What clients' types promise of a usage block at the end of a stream, where nobody said anything. */
const UNSAID_AT_END: JsonObject = { output_tokens_details: null, server_tool_use: null };
/** And in a message. */
const UNSAID: JsonObject = {
  ...UNSAID_AT_END,
  cache_creation: null,
  inference_geo: null,
  service_tier: null,
  speed: null,
};

/**
 * The usage block of a message, which must always state numbers: where the provider said nothing, the input is the
 * gateway's estimate and the output 0. Details of a provider of the same wire that the contract lacks are kept.
 */
export function renderUsage(usage: Usage | null, estimatedInputTokens: number): JsonObject {
  return blockOf(usage, estimatedInputTokens, UNSAID);
}

/** As `renderUsage`, at the end of a stream. */
export function renderEndUsage(usage: Usage | null, estimatedInputTokens: number): JsonObject {
  return blockOf(usage, estimatedInputTokens, UNSAID_AT_END);
}

function blockOf(usage: Usage | null, estimatedInputTokens: number, unsaid: JsonObject): JsonObject {
  const block: Record<string, unknown> = { ...unsaid, ...ownRaw(usage?.raw) };
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

/** Another API's block has fields of the same names and a total besides. */
function ownRaw(raw: unknown): JsonObject | null {
  const own = isRecord(raw) && typeof raw.input_tokens === "number" && !("total_tokens" in raw);
  return own ? raw : null;
}
