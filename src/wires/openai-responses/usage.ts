/** Token counts of this wire, both ways. Owns the arithmetic between its overlapping and our disjoint classes. */
import type { Usage } from "../../core/events.ts";
import { isRecord } from "../../core/json.ts";
import { statesUsage, tokenCount } from "../token-count.ts";
import type { JsonObject } from "../wire.ts";

/**
 * The wire counts cached tokens inside `input_tokens` and reasoning inside `output_tokens`. Some servers count
 * reasoning beside the output; their `total_tokens` gives them away. Null for a block that reports nothing.
 */
export function readUsage(raw: unknown): Usage | null {
  if (!isRecord(raw) || !statesUsage(raw, "input_tokens", "output_tokens")) return null;
  const input = tokenCount(raw.input_tokens);
  const output = tokenCount(raw.output_tokens);
  const inputDetails = isRecord(raw.input_tokens_details) ? raw.input_tokens_details : raw;
  const outputDetails = isRecord(raw.output_tokens_details) ? raw.output_tokens_details : raw;
  const cacheReadTokens = tokenCount(inputDetails.cached_tokens);
  const cacheWriteTokens = tokenCount(inputDetails.cache_write_tokens);
  const reasoningTokens = tokenCount(outputDetails.reasoning_tokens);
  const isSummed = tokenCount(raw.total_tokens) === input + output + reasoningTokens;
  // More than the output cannot be a part of it, whatever the total leaves out.
  const beside = reasoningTokens > output || (reasoningTokens > 0 && isSummed);
  return {
    inputTokens: Math.max(0, input - cacheReadTokens - cacheWriteTokens),
    cacheReadTokens,
    cacheWriteTokens,
    outputTokens: beside ? output : Math.max(0, output - reasoningTokens),
    reasoningTokens,
    raw,
  };
}

/** The wire's usage block. Details of a provider of the same wire that the contract lacks are kept. */
export function renderUsage(usage: Usage): JsonObject {
  // Other wires' blocks have counts of the same names; only this one's has the details.
  const own = isRecord(usage.raw) && isRecord(usage.raw.output_tokens_details) ? usage.raw : null;
  const input = usage.inputTokens + usage.cacheReadTokens + usage.cacheWriteTokens;
  const output = usage.outputTokens + usage.reasoningTokens;
  const inputDetails = copyOf(own?.input_tokens_details);
  inputDetails.cached_tokens = usage.cacheReadTokens;
  inputDetails.cache_write_tokens = usage.cacheWriteTokens;
  const outputDetails = copyOf(own?.output_tokens_details);
  outputDetails.reasoning_tokens = usage.reasoningTokens;
  const block = copyOf(own);
  block.input_tokens = input;
  block.input_tokens_details = inputDetails;
  block.output_tokens = output;
  block.output_tokens_details = outputDetails;
  block.total_tokens = input + output;
  return block;
}

/** To be written to; empty when there is nothing to copy. */
function copyOf(fields: unknown): Record<string, unknown> {
  return isRecord(fields) ? { ...fields } : {};
}
