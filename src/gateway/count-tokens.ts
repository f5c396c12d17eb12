/**
 * The answer to "how many tokens is this?" where the provider has none: no API for it, or one that fails.
 * Owns when that is so; the count is our own, by the o200k vocabulary, and says that it is an estimate.
 */
import { NO_USAGE, type StreamEvent } from "../core/events.ts";
import type { ModelRequest, WireId } from "../core/request.ts";
import { countTokens } from "../policy/measure-request.ts";
import type { Warning } from "../wires/wire.ts";

const COUNTING: ReadonlySet<WireId> = new Set<WireId>(["anthropic-messages", "bedrock-converse", "gemini"]);

export const ESTIMATED: Warning = {
  control: "input_tokens",
  message: "The provider did not count; this is the gateway's estimate by another vocabulary.",
};

/** Whether a provider of this wire can be asked to count. */
export function canCount(wire: WireId): boolean {
  return COUNTING.has(wire);
}

/** The gateway's own count as an answer. */
export async function estimatedCount(request: ModelRequest): Promise<readonly StreamEvent[]> {
  const usage = { ...NO_USAGE, inputTokens: await countTokens(request) };
  return [{ type: "start" }, { type: "finish", reason: { unified: "stop", raw: null }, usage }];
}
