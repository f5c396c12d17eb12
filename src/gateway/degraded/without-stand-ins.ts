/** The plan of a request that can wait for a model: no degraded mode answers it. Owns what is left of the plan. */
import { failed, ok, type Result } from "../../core/faults.ts";
import type { RoutePlan } from "../../core/plan.ts";

/** Fault: `unavailable` with code `no_candidate` where the modes were all that the plan had. */
export function withoutStandIns(planned: Result<RoutePlan>): Result<RoutePlan> {
  if (!planned.ok) return planned;
  if (planned.value.rungs.length > 0) return ok({ ...planned.value, degraded: [] });
  const { useCase } = planned.value;
  const message =
    `No model may serve this request for the use case "${useCase}", and it takes no degraded answer. ` +
    "Change what the request needs, or ask the policy's owner.";
  return failed("unavailable", "no_candidate", message);
}
