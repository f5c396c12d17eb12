/** An exchange goes on as its arm wants it. Owns what of it is replaced; which arm it is was decided before. */
import type { ArmChoice, RoutePlan } from "../core/plan.ts";
import { inArm } from "../policy/routing/in-arm.ts";
import type { RouteInput } from "../policy/routing/plan.ts";
import { changedRequest } from "../providers/change-request.ts";
import type { Exchange } from "./exchange.ts";

/**
 * The request goes on as its arm wants it. Whoever routes it again, because it had to be shortened, gets the same
 * arm and does not count its prompt twice.
 */
export function takeArm(exchange: Exchange, input: RouteInput, plan: RoutePlan, arm: ArmChoice): void {
  const request = changedRequest(input.request, arm.change);
  exchange.request = request;
  exchange.route = inArm(input, plan, arm, request);
}
