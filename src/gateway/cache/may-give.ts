/** Whether a kept answer may be given to this request: only while who gave it might still be asked. */
import type { Deployment } from "../../core/deployment.ts";
import { regionOutside, stricter } from "../../policy/routing/constraints.ts";
import { demandOf, type RouteInput } from "../../policy/routing/plan.ts";
import type { AnsweredBy } from "./kept-document.ts";

/**
 * False once the deployment left the policy, its model was retired or closed to the tenant, or lies outside the
 * request's residency or under its safety level: a policy that was tightened holds for what was kept before, too.
 */
export function mayGive({ deployment: id }: AnsweredBy, route: RouteInput): boolean {
  const deployment = route.snapshot.deployments.get(id);
  return deployment !== undefined && mayServe(deployment, route);
}

function mayServe(deployment: Deployment, route: RouteInput): boolean {
  const { model } = deployment;
  const demand = demandOf(route);
  if (model.status === "experimental" || model.status === "retired") return false;
  if (model.tenants !== undefined && !model.tenants.includes(demand.tenant)) return false;
  for (const residency of [demand.residency, demand.callerResidency]) {
    if (residency !== null && regionOutside(deployment, residency) !== null) return false;
  }
  return stricter(model.safetyLevel, demand.safetyLevel) === model.safetyLevel;
}
