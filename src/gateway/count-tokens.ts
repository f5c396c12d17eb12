/**
 * The answer to "how many tokens is this?" where the provider has none: no API for it, or one that fails.
 * Owns who is asked; the count is our own, by the o200k vocabulary, and says that it is an estimate.
 */
import { NO_USAGE, type StreamEvent } from "../core/events.ts";
import { fault } from "../core/faults.ts";
import type { RoutePlan } from "../core/plan.ts";
import type { ModelRequest, WireId } from "../core/request.ts";
import { countTokens } from "../policy/estimates/measure-request.ts";
import type { Climb } from "../resilience/ladder.ts";
import type { Warning } from "../wires/wire.ts";

const COUNTING: ReadonlySet<WireId> = new Set<WireId>(["anthropic-messages", "bedrock-converse", "gemini"]);

export const ESTIMATED: Warning = {
  control: "input_tokens",
  message: "The provider did not count; this is the gateway's estimate by another vocabulary.",
};

/**
 * `plan` for a count: the first rung's model alone, since every model has a vocabulary of its own, where it is behind
 * a wire that counts, and one call; null where it is behind none.
 */
export function countingPlan(plan: RoutePlan): RoutePlan | null {
  const model = plan.rungs[0]?.model;
  const rungs = plan.rungs.flatMap((rung) => {
    const candidates = rung.candidates.filter(({ wire }) => COUNTING.has(wire));
    return rung.model === model && candidates.length > 0 ? [{ ...rung, candidates }] : [];
  });
  return rungs.length === 0 ? null : { ...plan, rungs, maxAttempts: 1, hedge: null };
}

/** What a climb ends with that has nobody to ask. */
export const NOBODY_COUNTS = {
  ok: false,
  fault: fault("exhausted", "not_counted", "No provider of the model counts tokens."),
  attempts: [],
  left: [],
  overflowed: 0,
  cause: "exhausted",
} as const satisfies Climb<never>;

/** The gateway's own count as an answer. */
export async function estimatedCount(request: ModelRequest): Promise<readonly StreamEvent[]> {
  const usage = { ...NO_USAGE, inputTokens: await countTokens(request) };
  return [{ type: "start" }, { type: "finish", reason: { unified: "stop", raw: null }, usage }];
}
