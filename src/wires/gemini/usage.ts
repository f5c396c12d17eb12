/** Token counts of this wire, both ways. Owns the arithmetic between its overlapping and our disjoint classes. */
import type { Usage } from "../../core/events.ts";
import { isRecord } from "../../core/json.ts";
import { statesUsage, tokenCount } from "../token-count.ts";
import type { JsonObject } from "../wire.ts";

/**
 * `promptTokenCount` holds the cached tokens, and results of the provider's own tools come beside it. Thoughts come
 * beside the candidates too; where the total says that they are inside, they are taken out. Candidates that are not
 * counted are what the total has besides. Null for a block that reports nothing.
 */
export function readUsage(raw: unknown): Usage | null {
  if (!isRecord(raw) || !statesUsage(raw, "promptTokenCount", "candidatesTokenCount")) return null;
  const prompt = tokenCount(raw.promptTokenCount);
  const toolUse = tokenCount(raw.toolUsePromptTokenCount);
  const cacheReadTokens = tokenCount(raw.cachedContentTokenCount);
  const reasoningTokens = tokenCount(raw.thoughtsTokenCount);
  const said = tokenCount(raw.totalTokenCount) - prompt - toolUse;
  const candidates = tokenCount(raw.candidatesTokenCount ?? said - reasoningTokens);
  const inside = reasoningTokens > 0 && said === candidates;
  return {
    inputTokens: Math.max(0, prompt - cacheReadTokens) + toolUse,
    cacheReadTokens,
    cacheWriteTokens: 0,
    outputTokens: inside ? Math.max(0, candidates - reasoningTokens) : candidates,
    reasoningTokens,
    raw,
  };
}

/** The wire's `usageMetadata`. Details of a provider of the same wire that the contract lacks are kept. */
export function renderUsage(usage: Usage): JsonObject {
  const raw = isRecord(usage.raw) && typeof usage.raw.promptTokenCount === "number" ? usage.raw : null;
  const toolUse = raw === null ? 0 : tokenCount(raw.toolUsePromptTokenCount);
  const input = usage.inputTokens + usage.cacheReadTokens + usage.cacheWriteTokens;
  const block: Record<string, unknown> = raw === null ? {} : { ...raw };
  block.promptTokenCount = Math.max(0, input - toolUse);
  block.candidatesTokenCount = usage.outputTokens;
  block.totalTokenCount = input + usage.outputTokens + usage.reasoningTokens;
  if (usage.cacheReadTokens > 0) block.cachedContentTokenCount = usage.cacheReadTokens;
  if (usage.reasoningTokens > 0) block.thoughtsTokenCount = usage.reasoningTokens;
  return block;
}

/** The answer to `:countTokens`. */
export function readTokenCount(raw: JsonObject): Usage {
  const cacheReadTokens = tokenCount(raw.cachedContentTokenCount);
  return {
    inputTokens: Math.max(0, tokenCount(raw.totalTokens) - cacheReadTokens),
    cacheReadTokens,
    cacheWriteTokens: 0,
    outputTokens: 0,
    reasoningTokens: 0,
    raw,
  };
}

export function renderTokenCount(usage: Usage | null): JsonObject {
  const answer: Record<string, unknown> = { totalTokens: 0 };
  if (usage === null) return answer;
  answer.totalTokens = usage.inputTokens + usage.cacheReadTokens + usage.cacheWriteTokens;
  if (usage.cacheReadTokens > 0) answer.cachedContentTokenCount = usage.cacheReadTokens;
  return answer;
}
