/**
 * What becomes of a request that is known to be too long before it is sent: the policy's measures, in its order, until
 * one works. Owns the order and what each comes to. Traffic carries it out; explain and a policy's tests only ask.
 */
import type { Deployment } from "../../core/deployment.ts";
import type { Fault, Result } from "../../core/faults.ts";
import type { OverflowLabel, OverflowMeasure, RoutePlan } from "../../core/plan.ts";
import { asOrdered } from "../routing/exercise.ts";
import { overlong } from "../routing/first-measure.ts";
import { tooLong } from "../routing/no-candidate.ts";
import type { RouteInput } from "../routing/plan.ts";
import { roomFor } from "../routing/room.ts";
import type { Fitting, Means } from "./means.ts";
import { routeShorter, type ShortRequest } from "./route-shorter.ts";
import { summarized, truncated, type Unsummed } from "./shorten.ts";

/** A request that is too long where its ladder begins. */
export interface TooLong {
  readonly route: RouteInput;
  /** What routing said of the whole, and the plan behind it, also where that is a refusal. */
  readonly planned: Result<RoutePlan>;
  readonly plan: RoutePlan;
  /** Whom it is too long for; never empty. */
  readonly lost: readonly Deployment[];
}

/**
 * A measure that did not help: what must stay is too long, no summary of use is to be had, or no call is left after it,
 * nobody serves what is left, or the cost ceiling does not hold for what it comes to.
 */
export interface PassedOver {
  readonly measure: OverflowMeasure["type"];
  readonly why: "no_larger_model" | "cannot_be_shortened" | Unsummed;
}

export type Shortening = Extract<OverflowMeasure, { type: "truncate_oldest" | "summarize" }>;

export type Fitted = { readonly passedOver: readonly PassedOver[] } & (
  | {
      readonly result: "shortened";
      readonly how: Exclude<OverflowLabel, "larger_model">;
      readonly short: ShortRequest;
      readonly route: RouteInput;
      /** Never without a rung. */
      readonly plan: RoutePlan;
    }
  /** `plan`: of the whole request. */
  | { readonly result: "larger_model"; readonly plan: RoutePlan }
  /** The policy has larger models alone, and none is left: what routing said of the whole. */
  | { readonly result: "as_planned" }
  | { readonly result: "refused"; readonly fault: Fault }
);

/** Null where nothing is to be done about it: the usual case, which costs a look at the plan's refusals. */
export function tooLongFor(route: RouteInput, plan: RoutePlan, planned: Result<RoutePlan>): TooLong | null {
  const found = overlong(plan, route);
  return found && { route, plan, planned, lost: found.lost };
}

export function* fitted<Wait>(long: TooLong, means: Means<Wait>): Fitting<Wait, Fitted> {
  const { route, planned, plan, lost } = long;
  const measures = route.useCase.onOverflow;
  const rooms = lost.map((deployment) => roomFor(deployment, plan.estimatedOutputTokens));
  const passedOver: PassedOver[] = [];
  // A call for a summary leaves too little to try a later rung with: neither calls nor money were kept for it.
  const planAfter = (made: RoutePlan) => (means.calls() > 0 ? asOrdered(made) : made);
  let preferred = rooms[0] ?? 0;
  for (const measure of measures) {
    if (measure.type === "fail") return refused(long, passedOver);
    if (measure.type === "larger_model") {
      if (planned.ok && planned.value.rungs.length > 0) {
        return { result: "larger_model", plan: planAfter(planned.value), passedOver };
      }
      // No model holds it as it is: as little as possible is left out.
      preferred = Math.max(...rooms);
      const isDear = plan.refusals.some(({ constraint }) => constraint === "cost_ceiling");
      passedOver.push({ measure: measure.type, why: isDear ? "over_ceiling" : "no_larger_model" });
      continue;
    }
    // Where it fits, but for the window that its caller states, leaving something out changes nothing.
    const fits = plan.estimatedInputTokens <= preferred;
    const short = fits ? null : yield* shortenedBy(measure, long, preferred, means);
    if (short === null || typeof short === "string") {
      passedOver.push({ measure: measure.type, why: short ?? "cannot_be_shortened" });
      continue;
    }
    const again = routeShorter(route, plan, short, means.spent());
    if (typeof again !== "string") {
      const how = measure.type === "summarize" ? "summarized" : "truncated";
      const { route: shorter, plan: made } = again;
      return { result: "shortened", how, short, route: shorter, plan: planAfter(made), passedOver };
    }
    passedOver.push({ measure: measure.type, why: again });
  }
  // Where a larger model may come back, or the request is no model's anyway, routing has said so.
  const onlyLarger = measures.every(({ type }) => type === "larger_model");
  if (onlyLarger) return { result: "as_planned", passedOver };
  return refused(long, passedOver);
}

/** The ceiling is named where something could have been done but for it. */
function refused({ route, plan, lost }: TooLong, passedOver: readonly PassedOver[]): Fitted {
  const ceiling = passedOver.some(({ why }) => why === "over_ceiling") ? plan.costCeiling : null;
  return { result: "refused", fault: tooLong(plan, lost, route.request, ceiling), passedOver };
}

function shortenedBy<Wait>(
  measure: Shortening,
  { route, plan }: TooLong,
  room: number,
  means: Means<Wait>,
): Fitting<Wait, ShortRequest | Unsummed | null> {
  const { request, estimatedInputTokens: tokens } = route;
  // The prompt of an arm that the request does not have yet.
  const added = plan.estimatedInputTokens - tokens;
  const long = { route, whole: plan, request, tokens, target: room - added };
  return measure.type === "summarize" ? summarized(long, measure, means) : truncated(long, means);
}
