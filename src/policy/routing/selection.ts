/** The order of candidates inside a rung. Owns the selections; health and chance are arguments. */
import type { Caller } from "../../core/caller.ts";
import type { Random } from "../../core/clock.ts";
import type { Deployment } from "../../core/deployment.ts";
import { outputLimit } from "../../core/estimate-cost.ts";
import type { HealthView } from "../../core/health.ts";
import type { Selection } from "../../core/plan.ts";
import { BASIS, hashText, mix, scoreOf } from "../rollouts/rendezvous.ts";
import { stickyKey } from "../rollouts/sticky-key.ts";

export interface SelectionInput {
  readonly health: HealthView;
  readonly random: Random;
  /** Who must stay on the same deployment under `sticky`, and the digest of its end user's id. */
  readonly caller: Caller;
  readonly user: string | undefined;
  readonly inputTokens: number;
  /** Of each choice. */
  readonly outputTokens: number;
  readonly choices: number;
}

/** `candidates` in order of preference, best first. Gives the same array when there is nothing to order. */
export function orderCandidates(
  candidates: readonly Deployment[],
  selection: Selection,
  input: SelectionInput,
): readonly Deployment[] {
  if (candidates.length < 2) return candidates;
  if (selection === "sticky") {
    return byScore(candidates, stickyScore(stickyKey("caller_and_user", input.caller, input.user) ?? ""));
  }
  const shuffled = byWeight(candidates, input.random);
  switch (selection) {
    case "weighted":
      return shuffled;
    case "lowest_latency":
      return byScore(shuffled, (deployment) => input.health.firstTokenMs(deployment.id));
    case "least_busy":
      return byScore(shuffled, (deployment) => input.health.inFlight(deployment.id));
    case "lowest_cost":
      return byScore(shuffled, (deployment) => unitCost(deployment, input));
  }
}

/**
 * Weighted sampling without replacement: sorting by -ln(u) / w puts each next one first with probability
 * w / (sum of the rest). Source: Efraimidis and Spirakis, "Weighted random sampling with a reservoir" (2006).
 * Weight 0 comes after every other, in the given order.
 */
function byWeight(candidates: readonly Deployment[], random: Random): readonly Deployment[] {
  const [first, second] = candidates;
  if (candidates.length === 2 && first !== undefined && second !== undefined) {
    // The common case, without logarithms. Asked first, weight 0 loses whatever is drawn and however it rounds.
    if (second.weight === 0) return [first, second];
    return random() * (first.weight + second.weight) < first.weight ? [first, second] : [second, first];
  }
  return byScore(candidates, (deployment) =>
    deployment.weight > 0 ? -Math.log(1 - random()) / deployment.weight : Number.POSITIVE_INFINITY,
  );
}

/** By weighted rendezvous: losing a deployment moves its callers alone. See rollouts/rendezvous.ts. */
function stickyScore(stickyKey: string): (deployment: Deployment) => number {
  const seed = hashText(stickyKey, BASIS);
  return ({ id, weight }) => scoreOf(mix(hashText(id, seed)), weight);
}

/** An unpriced model comes last: its cost is unknown, not zero. */
function unitCost({ model }: Deployment, { inputTokens, outputTokens, choices }: SelectionInput): number {
  if (model.prices === undefined) return Number.POSITIVE_INFINITY;
  const output = choices * Math.min(outputTokens, outputLimit(model));
  return inputTokens * model.prices.input + output * model.prices.output;
}

/** Ascending and stable; each score is worked out once. */
function byScore(
  candidates: readonly Deployment[],
  score: (deployment: Deployment) => number,
): readonly Deployment[] {
  const scored = candidates.map((deployment) => ({ deployment, score: score(deployment) }));
  // Two infinities have no difference, so they are compared rather than subtracted.
  scored.sort((a, b) => (a.score < b.score ? -1 : a.score > b.score ? 1 : 0));
  return scored.map(({ deployment }) => deployment);
}
