/** A later rung tried before its turn, on a few requests, so that it is known to work (E7). Owns whom and which. */
import type { Random } from "../../core/clock.ts";
import type { RoutePlan, Rung } from "../../core/plan.ts";
import type { ModelRequest } from "../../core/request.ts";

/**
 * For a `share` of requests the plan with one of its later rungs put first; what stood before it follows in the
 * old order, so that the primary is the fallback of its fallback. A rung that the request's contract does not
 * admit is not in the plan and is never exercised. Vectors of two models do not compare, counting proves nothing,
 * and a request that takes part in an experiment gets what the experiment says: all are left alone. Draws once.
 */
export function exercised(plan: RoutePlan, share: number, request: ModelRequest, random: Random): RoutePlan {
  if (share <= 0 || plan.rungs.length < 2 || request.operation !== "chat") return plan;
  if (plan.arm !== undefined) return plan;
  const drawn = random();
  if (drawn >= share) return plan;
  // What made it one of the share is spread evenly over the later rungs.
  const index = 1 + Math.floor((drawn / share) * (plan.rungs.length - 1));
  const first = plan.rungs[index];
  return first ? { ...plan, exercise: true, rungs: [first, ...others(plan.rungs, first)] } : plan;
}

function others(rungs: readonly Rung[], first: Rung): readonly Rung[] {
  return rungs.filter((rung) => rung !== first);
}
