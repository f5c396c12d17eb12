/** Token counts of this wire, both ways. Its classes are as disjoint as ours, except that it tells no reasoning. */
import type { Usage } from "../../core/events.ts";
import { isRecord } from "../fields.ts";
import { statesUsage, tokenCount } from "../token-count.ts";
import type { JsonObject } from "../wire.ts";

/** Null for a block that reports nothing. */
export function readUsage(raw: unknown): Usage | null {
  if (!isRecord(raw) || !statesUsage(raw, "inputTokens", "outputTokens")) return null;
  return {
    inputTokens: tokenCount(raw.inputTokens),
    cacheReadTokens: tokenCount(raw.cacheReadInputTokens),
    cacheWriteTokens: tokenCount(raw.cacheWriteInputTokens),
    outputTokens: tokenCount(raw.outputTokens),
    reasoningTokens: 0,
    raw,
  };
}

/** The wire's usage block. What a provider of the same wire says beyond the contract is kept. */
export function renderUsage(usage: Usage): JsonObject {
  const block: Record<string, unknown> = isOwn(usage.raw) ? { ...usage.raw } : {};
  const { inputTokens, cacheReadTokens, cacheWriteTokens } = usage;
  const outputTokens = usage.outputTokens + usage.reasoningTokens;
  block.inputTokens = inputTokens;
  block.outputTokens = outputTokens;
  block.totalTokens = inputTokens + cacheReadTokens + cacheWriteTokens + outputTokens;
  block.cacheReadInputTokens = cacheReadTokens;
  block.cacheWriteInputTokens = cacheWriteTokens;
  return block;
}

function isOwn(raw: unknown): raw is JsonObject {
  return isRecord(raw) && typeof raw.inputTokens === "number" && typeof raw.totalTokens === "number";
}
