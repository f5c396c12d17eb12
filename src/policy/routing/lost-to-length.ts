/** Whom a request lost to its length alone. Owns reading that out of a plan; decides nothing. */
import type { Deployment } from "../../core/deployment.ts";
import type { RoutePlan, RungKind } from "../../core/plan.ts";
import type { ConfigSnapshot } from "../../core/snapshot.ts";

const RANK: Readonly<Record<RungKind, number>> = { primary: 0, "cross-region": 1, fallback: 2 };

/**
 * Deployments that are refused for their context window and whose rung comes before every rung that is left, in
 * the ladder's order; none where the plan begins where the policy wants it to begin.
 */
export function lostToLength(plan: RoutePlan, snapshot: ConfigSnapshot): readonly Deployment[] {
  if (plan.refusals.length === 0) return NONE;
  let first = Number.POSITIVE_INFINITY;
  for (const { kind } of plan.rungs) first = Math.min(first, RANK[kind]);
  const lost: Deployment[] = [];
  for (const { constraint, rung, deployment: id } of plan.refusals) {
    if (constraint !== "context_window" || RANK[rung] >= first) continue;
    const deployment = snapshot.deployments.get(id);
    if (deployment) lost.push(deployment);
  }
  return lost;
}

const NONE: readonly Deployment[] = [];
