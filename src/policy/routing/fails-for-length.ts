/** Whether the policy refuses what is too long where its ladder begins. Owns reading that out of its measures' order. */
import type { Fault } from "../../core/faults.ts";
import type { RoutePlan } from "../../core/plan.ts";
import type { ModelRequest } from "../../core/request.ts";
import type { ConfigSnapshot, UseCase } from "../../core/snapshot.ts";
import { lostToLength } from "./lost-to-length.ts";
import { tooLong } from "./no-candidate.ts";

interface Asked {
  readonly request: ModelRequest;
  readonly useCase: UseCase;
  readonly snapshot: ConfigSnapshot;
}

/**
 * `context_overflow` where `fail` comes before every measure that helps, whatever else could have answered. Null: it does
 * not, or shortening is tried first, of which only traffic knows what comes of it.
 */
export function failsForLength(plan: RoutePlan, { request, useCase, snapshot }: Asked): Fault | null {
  if (plan.refusals.length === 0 || request.operation !== "chat") return null;
  const helpsAlready = plan.rungs.length > 0;
  const measure = useCase.onOverflow.find(({ type }) => type !== "larger_model" || helpsAlready);
  if (measure?.type !== "fail") return null;
  const lost = lostToLength(plan, snapshot);
  return lost.length === 0 ? null : tooLong(plan, lost, request);
}
