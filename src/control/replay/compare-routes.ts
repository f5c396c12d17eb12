/** Whether a past request goes elsewhere now. Owns what counts as elsewhere. */
import type { PlannedRoute } from "../../core/routing-facts.ts";
import type { ReplayedRoute } from "../../policy/replay/replay-route.ts";
import type { RouteSummary } from "./report.ts";

export type Routed = Exclude<ReplayedRoute, { result: "lacks" }>;

/**
 * `redrawn`: the same rule, arm, rung and model, and another deployment of that rung, which the policy leaves to
 * weights, latency or load.
 */
export type Difference = "none" | "redrawn" | "changed";

export function differenceOf(before: PlannedRoute, after: Routed): Difference {
  if (after.result === "refused") return "changed";
  const { plan, peers } = after;
  const same =
    before.rule === plan.rule &&
    before.arm === plan.arm &&
    before.refused === plan.refused &&
    before.shortened === plan.shortened &&
    before.first?.rung === plan.first?.rung &&
    before.first?.model === plan.first?.model;
  if (!same) return "changed";
  if (before.first?.deployment === plan.first?.deployment) return "none";
  return peers.some(({ id }) => id === before.first?.deployment) ? "redrawn" : "changed";
}

export function summaryOf(plan: PlannedRoute): RouteSummary {
  const { rule, arm = null, first, refused = null, shortened } = plan;
  const withoutModel = shortened ? "shortened" : refused === null ? "degraded" : "refused";
  return {
    result: first ? "model" : withoutModel,
    rule,
    arm,
    rung: first?.rung ?? null,
    model: first?.model ?? null,
    deployment: first?.deployment ?? null,
    code: refused,
  };
}

export function summaryOfRouted(routed: Routed): RouteSummary {
  if (routed.result === "routed") return summaryOf(routed.plan);
  const nothing = { rule: null, arm: null, rung: null, model: null, deployment: null };
  return { result: "refused", ...nothing, code: routed.code };
}
