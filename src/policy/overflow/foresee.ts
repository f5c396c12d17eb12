/**
 * What can be known of a request before anybody is called, its length included. Owns that the outcome of a summary is
 * not: it is supposed, and what would be done without it is told beside it.
 */
import type { Deployment } from "../../core/deployment.ts";
import type { Fault } from "../../core/faults.ts";
import type { RequestChange, RoutePlan } from "../../core/plan.ts";
import type { ModelRequest } from "../../core/request.ts";
import { runSteps } from "../../core/steps.ts";
import { type PlannedAside, planAside } from "../aside/plan-aside.ts";
import { inArm } from "../routing/in-arm.ts";
import { draftRoute, planRoute, type RouteInput } from "../routing/plan.ts";
import { type Fitted, fitted, type TooLong, tooLongFor } from "./fit.ts";
import { estimatedSize, type Fitting, type Sizing } from "./means.ts";

export interface Foreseen {
  /** What routing was asked: of the request as a model would get it. */
  readonly route: RouteInput;
  /** What it said, also where that is a refusal. */
  readonly plan: RoutePlan;
  /** What the caller would get at once; null: something answers. */
  readonly fault: Fault | null;
  /** Null: the request is not too long where its ladder begins. */
  readonly overflow: ForeseenOverflow | null;
}

export interface ForeseenOverflow {
  /** As the caller sent it. */
  readonly request: ModelRequest;
  /** Of the whole request, as its arm wants it where that is known. */
  readonly route: RouteInput;
  readonly plan: RoutePlan;
  readonly lost: readonly Deployment[];
  readonly fitted: Fitted;
  /** The call for the summary that is supposed; null: none is. */
  readonly summary: PlannedAside | null;
  /** What comes of it where that call fails; null: nothing hangs on one. */
  readonly withoutSummary: ForeseenOverflow | null;
}

/** A request with what an arm changes of it. */
export type Changing = (request: ModelRequest, change: RequestChange | null) => ModelRequest;

/**
 * Draws from `input.random` as routing does. `changed`: as traffic has it; absent: an arm's prompt counts with what it is
 * estimated at.
 */
export function* foresee<Wait>(
  input: RouteInput,
  size: Sizing<Wait>,
  changed?: Changing,
): Fitting<Wait, Foreseen> {
  const planned = planRoute(input);
  const plan = planned.ok ? planned.value : draftRoute(input);
  const { arm } = plan;
  const route = changed && arm ? inArm(input, plan, arm, changed(input.request, arm.change)) : input;
  const long = tooLongFor(route, plan, planned);
  const fault = planned.ok ? null : planned.fault;
  if (long === null) return { route: input, plan, fault, overflow: null };
  const overflow = yield* foreseeOverflow(long, input.request, size, 0);
  const { fitted: done } = overflow;
  if (done.result === "shortened") return { route: done.route, plan: done.plan, fault: null, overflow };
  return { route: input, plan, fault: done.result === "refused" ? done.fault : fault, overflow };
}

/** A request that is refused with `fault` whatever its length is: nothing is done about that one. */
export function foreseeRefused(input: RouteInput, fault: Fault): Foreseen {
  return { route: input, plan: draftRoute(input), fault, overflow: null };
}

/** At once, by estimates alone. */
export function foreseeByEstimate(input: RouteInput): Foreseen {
  return runSteps(foresee(input, estimatedSize(input)));
}

/** `failing`: so many summaries, the first ones that are asked for, are taken to fail. */
function* foreseeOverflow<Wait>(
  long: TooLong,
  request: ModelRequest,
  size: Sizing<Wait>,
  failing: number,
): Fitting<Wait, ForeseenOverflow> {
  const { route, plan, lost } = long;
  const asked: PlannedAside[] = [];
  const done = yield* fitted(long, {
    size,
    calls: () => asked.length,
    spent: () => 0,
    // biome-ignore lint/correctness/useYield: nobody is asked
    *summarize(question) {
      const planned = planAside(route, question);
      if (planned === null) return null;
      asked.push(planned);
      return asked.length > failing ? "supposed" : null;
    },
  });
  const isSummed = done.result === "shortened" && done.how === "summarized";
  const summary = (isSummed && asked.at(-1)) || null;
  const withoutSummary = summary && (yield* foreseeOverflow(long, request, size, asked.length));
  return { request, route, plan, lost, fitted: done, summary, withoutSummary };
}
