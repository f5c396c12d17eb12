/** Token counts of this wire, both ways. Owns the arithmetic between its overlapping and our disjoint classes. */
import type { Usage } from "../../core/events.ts";
import { isRecord } from "../../core/json.ts";
import { isTokenCount, statesUsage, tokenCount } from "../token-count.ts";
import type { JsonObject } from "../wire.ts";

/**
 * The wire counts cached tokens inside `prompt_tokens` and reasoning inside `completion_tokens`. Some servers
 * count reasoning beside the completion, and Google's does so without saying how much: their `total_tokens` gives them
 * away. Null for a block that reports nothing.
 */
export function readUsage(raw: unknown): Usage | null {
  if (!isRecord(raw) || !statesUsage(raw, "prompt_tokens", "completion_tokens")) return null;
  const prompt = tokenCount(raw.prompt_tokens);
  const completion = tokenCount(raw.completion_tokens ?? tokenCount(raw.total_tokens) - prompt);
  const promptDetails = isRecord(raw.prompt_tokens_details) ? raw.prompt_tokens_details : raw;
  const completionDetails = isRecord(raw.completion_tokens_details) ? raw.completion_tokens_details : raw;
  const cacheReadTokens = tokenCount(promptDetails.cached_tokens ?? raw.prompt_cache_hit_tokens);
  const cacheWriteTokens = tokenCount(promptDetails.cache_write_tokens);
  const stated = tokenCount(completionDetails.reasoning_tokens);
  const uncounted = tokenCount(raw.total_tokens) - prompt - completion;
  const ofCache = uncounted === cacheReadTokens + cacheWriteTokens || uncounted === cacheReadTokens;
  const implied = stated === 0 && uncounted > 0 && isTokenCount(raw.prompt_tokens) && !ofCache;
  const reasoningTokens = implied ? uncounted : stated;
  // More than the completion cannot be a part of it, whatever the total leaves out.
  const beside = reasoningTokens > completion || (reasoningTokens > 0 && uncounted === reasoningTokens);
  return {
    inputTokens: Math.max(0, prompt - cacheReadTokens - cacheWriteTokens),
    cacheReadTokens,
    cacheWriteTokens,
    outputTokens: beside ? completion : Math.max(0, completion - reasoningTokens),
    reasoningTokens,
    raw,
  };
}

/** The wire's usage block. What a provider of the same wire counted is told as it did, with details of its own. */
export function renderUsage(usage: Usage): JsonObject {
  const raw = isRecord(usage.raw) && typeof usage.raw.prompt_tokens === "number" ? usage.raw : null;
  const prompt = usage.inputTokens + usage.cacheReadTokens + usage.cacheWriteTokens;
  const completion = usage.outputTokens + usage.reasoningTokens;
  const input = copyOf(raw?.prompt_tokens_details);
  input.cached_tokens = usage.cacheReadTokens;
  if (usage.cacheWriteTokens > 0) input.cache_write_tokens = usage.cacheWriteTokens;
  const output = copyOf(raw?.completion_tokens_details);
  output.reasoning_tokens = usage.reasoningTokens;
  const block = copyOf(raw);
  block.prompt_tokens = raw?.prompt_tokens ?? prompt;
  block.completion_tokens = raw?.completion_tokens ?? completion;
  block.total_tokens = raw?.total_tokens ?? prompt + completion;
  block.prompt_tokens_details = input;
  block.completion_tokens_details = output;
  return block;
}

/** To be written to; empty when there is nothing to copy. */
function copyOf(fields: unknown): Record<string, unknown> {
  return isRecord(fields) ? { ...fields } : {};
}
