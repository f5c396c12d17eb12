/** Token counts of this wire, both ways. Its classes are as disjoint as ours, except that it tells no reasoning. */
import type { Usage } from "../../core/events.ts";
import { isRecord } from "../../core/json.ts";
import { statesUsage, tokenCount } from "../token-count.ts";
import type { JsonObject } from "../wire.ts";

/** Null for a block that reports nothing. */
export function readUsage(raw: unknown): Usage | null {
  if (!isRecord(raw) || !statesUsage(raw, "inputTokens", "outputTokens")) return null;
  const cacheWriteTokens = tokenCount(raw.cacheWriteInputTokens);
  const cacheWrite1hTokens = Math.min(cacheWriteTokens, keptForAnHour(raw.cacheDetails));
  return {
    inputTokens: tokenCount(raw.inputTokens),
    cacheReadTokens: tokenCount(raw.cacheReadInputTokens),
    cacheWriteTokens,
    ...(cacheWrite1hTokens > 0 && { cacheWrite1hTokens }),
    outputTokens: tokenCount(raw.outputTokens),
    reasoningTokens: 0,
    raw,
  };
}

/** By how long it is kept, of which the block states the sum besides. */
function keptForAnHour(details: unknown): number {
  if (!Array.isArray(details)) return 0;
  let tokens = 0;
  for (const detail of details) {
    if (isRecord(detail) && detail.ttl === "1h") tokens += tokenCount(detail.inputTokens);
  }
  return tokens;
}

/** The wire's usage block. What a provider of the same wire says beyond the contract is kept. */
export function renderUsage(usage: Usage): JsonObject {
  const block: Record<string, unknown> = isOwn(usage.raw) ? { ...usage.raw } : {};
  const { inputTokens, cacheReadTokens, cacheWriteTokens, cacheWrite1hTokens = 0 } = usage;
  const outputTokens = usage.outputTokens + usage.reasoningTokens;
  block.inputTokens = inputTokens;
  block.outputTokens = outputTokens;
  block.totalTokens = inputTokens + cacheReadTokens + cacheWriteTokens + outputTokens;
  block.cacheReadInputTokens = cacheReadTokens;
  block.cacheWriteInputTokens = cacheWriteTokens;
  if (cacheWrite1hTokens > 0) {
    block.cacheDetails = [
      { ttl: "1h", inputTokens: cacheWrite1hTokens },
      { ttl: "5m", inputTokens: cacheWriteTokens - cacheWrite1hTokens },
    ].filter(({ inputTokens: tokens }) => tokens > 0);
  }
  return block;
}

function isOwn(raw: unknown): raw is JsonObject {
  return isRecord(raw) && typeof raw.inputTokens === "number" && typeof raw.totalTokens === "number";
}
