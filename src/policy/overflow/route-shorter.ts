/** Who serves what is left of a request, within what is left of its ceiling. Cuts nothing; asks routing. */
import type { Deployment } from "../../core/deployment.ts";
import { estimateCost } from "../../core/estimate-cost.ts";
import type { NanoDollars } from "../../core/money.ts";
import type { RoutePlan } from "../../core/plan.ts";
import type { Message, ModelRequest } from "../../core/request.ts";
import { askedAnew } from "../routing/asked-anew.ts";
import { draftRoute, planRoute, type RouteInput } from "../routing/plan.ts";

export interface ShortRequest {
  readonly request: ModelRequest;
  /** Of its input; at the most, where a summary is only supposed. */
  readonly tokens: number;
  readonly dropped: readonly Message[];
}

/** `over_ceiling`: whoever could serve it could cost more than there is for it. */
export type Unserved = "over_ceiling" | "nobody_serves_it";

/**
 * `whole`: the plan of the long one, whose arm it stays in. `spent`: on the request so far, and before this one is sent.
 * The plan is never without a rung.
 */
export function routeShorter(
  route: RouteInput,
  whole: RoutePlan,
  { request, tokens }: ShortRequest,
  spent: NanoDollars,
): { readonly route: RouteInput; readonly plan: RoutePlan } | Unserved {
  const arm = route.arm ?? (whole.arm && { label: whole.arm.label, applied: false });
  const again: RouteInput = { ...askedAnew(route, request, tokens), ...(arm && { arm }) };
  const planned = planRoute(again);
  if (planned.ok && planned.value.rungs.length > 0) {
    return isPayable(planned.value, spent) ? { route: again, plan: planned.value } : "over_ceiling";
  }
  const { refusals } = planned.ok ? planned.value : draftRoute(again);
  return refusals.some(({ constraint }) => constraint === "cost_ceiling")
    ? "over_ceiling"
    : "nobody_serves_it";
}

/** Whether the ceiling holds for one call of it at least: the ladder passes by whom it does not hold for. */
function isPayable(plan: RoutePlan, spent: NanoDollars): boolean {
  const { costCeiling, rungs } = plan;
  if (costCeiling === null) return true;
  const holds = ({ model }: Deployment): boolean => {
    const cost = estimateCost(plan, model);
    return cost === null || spent + cost <= costCeiling;
  };
  return rungs.some(({ candidates }) => candidates.some(holds));
}
