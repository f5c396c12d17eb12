/** A later rung tried before its turn, on a few requests, so that it is known to work. Owns whom and which. */
import type { Random } from "../../core/clock.ts";
import { costWithin, estimateCost } from "../../core/estimate-cost.ts";
import type { RoutePlan, Rung } from "../../core/plan.ts";
import type { ModelRequest } from "../../core/request.ts";

/**
 * For a `share` of requests the plan with the first deployment of a later rung put before it: one call, and then the
 * ladder as it is, so that the primary is the fallback of its fallback. A rung that the request's contract does not
 * admit is not in the plan and is never exercised. Vectors of two models do not compare, counting proves nothing,
 * and a request that takes part in an experiment gets what the experiment says: all are left alone, as is one that may
 * be called for once only, or whose cost ceiling may not hold for another call as well. Draws once.
 */
export function exercised(plan: RoutePlan, share: number, request: ModelRequest, random: Random): RoutePlan {
  if (share <= 0 || plan.rungs.length < 2 || request.operation !== "chat") return plan;
  if (plan.arm !== undefined || plan.maxAttempts < 2) return plan;
  const drawn = random();
  if (drawn >= share) return plan;
  // What made it one of the share is spread evenly over the later rungs.
  const index = 1 + Math.floor((drawn / share) * (plan.rungs.length - 1));
  const rung = plan.rungs[index];
  if (rung === undefined) return plan;
  const first: Rung = { ...rung, candidates: rung.candidates.slice(0, 1) };
  if (!leavesEnough(plan, first)) return plan;
  return { ...plan, exercise: true, rungs: [first, ...plan.rungs] };
}

/** Whether the ceiling holds for what is exercised, at its longest, and for the dearest of the ladder after it. */
function leavesEnough(plan: RoutePlan, { candidates }: Rung): boolean {
  const { costCeiling } = plan;
  if (costCeiling === null) return true;
  const first = candidates.map(({ model }) => costWithin(plan, model, costCeiling) ?? 0);
  const ladder = plan.rungs.flatMap((rung) =>
    rung.candidates.map(({ model }) => estimateCost(plan, model) ?? 0),
  );
  return Math.max(...first) + Math.max(...ladder) <= costCeiling;
}

/** The plan with its rungs as the policy has them: for whatever a request does after its first call. */
export function asOrdered(plan: RoutePlan): RoutePlan {
  return plan.exercise ? { ...plan, exercise: false, rungs: plan.rungs.slice(1) } : plan;
}
