/** A request that goes on as its arm wants it, asked of routing again. Owns that it keeps its arm. */
import type { ArmChoice, RoutePlan } from "../../core/plan.ts";
import type { ModelRequest } from "../../core/request.ts";
import type { RouteInput } from "./plan.ts";

/** `request`: with the arm's prompt and parameters, which are not counted twice. `plan`: what `input` gave. */
export function inArm(
  input: RouteInput,
  plan: RoutePlan,
  { label }: ArmChoice,
  request: ModelRequest,
): RouteInput {
  const { estimates: _ofTheOld, ...rest } = input;
  return {
    ...rest,
    request,
    estimatedInputTokens: plan.estimatedInputTokens,
    arm: { label, applied: true },
  };
}
