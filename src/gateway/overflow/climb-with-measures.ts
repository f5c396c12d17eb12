/**
 * The ladder for a use case that would rather shorten a request than fail: climbed again, within the same bounds,
 * when a provider says it is too long. Owns which measure is next; never sends one request to one model twice.
 */
import { type Attempt, countCalls } from "../../core/decision.ts";
import type { Deployment } from "../../core/deployment.ts";
import type { NanoDollars } from "../../core/money.ts";
import type { OverflowMeasure, RoutePlan } from "../../core/plan.ts";
import type { ModelRequest } from "../../core/request.ts";
import type { Shortening } from "../../policy/overflow/fit.ts";
import { carriedOut } from "../../policy/overflow/means.ts";
import { routeShorter, type ShortRequest } from "../../policy/overflow/route-shorter.ts";
import { type LongRequest, summarized, truncated } from "../../policy/overflow/shorten.ts";
import { asOrdered } from "../../policy/routing/exercise.ts";
import { demandOf, type RouteInput } from "../../policy/routing/plan.ts";
import { roomFor } from "../../policy/routing/room.ts";
import type { ProviderReply } from "../../providers/send.ts";
import type { Left, Resume } from "../../resilience/course.ts";
import { type Climb, climb } from "../../resilience/ladder.ts";
import { otherClimbPorts } from "../climb-ports.ts";
import type { Exchange } from "../exchange.ts";
import type { Gateway } from "../gateway.ts";
import { noteShortened } from "./fit-request.ts";
import { leftBySummary, meansOf, type TrafficMeans } from "./means.ts";

/** What a provider refuses although it should have fitted: the estimate was off by more than this share. */
const CUT_TO = 0.75;
/** Times that the oldest turns are left out anew. */
const MAX_CUTS = 2;

type Failed = Extract<Climb<ProviderReply>, { ok: false }>;

/** Whether this climb is needed: a use case with no measure but larger models has the ladder's own. */
export function hasMeasures({ route, request, prelude }: Exchange): boolean {
  if (prelude.length > 0) return true;
  const measures = route?.useCase.onOverflow;
  if (measures === undefined || request?.operation !== "chat") return false;
  return measures.length !== 1 || measures[0]?.type !== "larger_model";
}

export async function climbWithMeasures(
  gateway: Gateway,
  exchange: Exchange,
  request: ModelRequest,
  plan: RoutePlan,
): Promise<Climb<ProviderReply>> {
  const measures = exchange.route?.useCase.onOverflow ?? [];
  const state: Progress = { request, plan, at: 0, cuts: 0 };
  const { prelude } = exchange;
  const begun = { attempts: prelude, left: leftBySummary(exchange, plan, prelude) };
  let climbed = await climbOnce(gateway, exchange, state, measures, begun);
  // The ladder itself went on to larger models where that came first.
  if (measures[0]?.type === "larger_model") state.at++;
  while (!climbed.ok && isTooLong(climbed)) {
    const next = await takeMeasure(gateway, exchange, state, measures, climbed);
    // A summary that failed was a call, too.
    if (next.left === null) return { ...climbed, attempts: next.attempts };
    climbed = await climbOnce(gateway, exchange, state, measures, next);
  }
  return climbed;
}

interface Progress {
  request: ModelRequest;
  plan: RoutePlan;
  /** The measure that is next. */
  at: number;
  cuts: number;
}

/** Too long, and a call left to do something about it. */
function isTooLong({ fault, attempts }: Failed): boolean {
  return fault.kind === "context_overflow" && attempts.some(({ result }) => result === "fault");
}

/** Where shortening comes before larger models, the ladder must not go on to them by itself. */
function climbOnce(
  gateway: Gateway,
  exchange: Exchange,
  { request, plan, at }: Progress,
  measures: readonly OverflowMeasure[],
  resume: Resume,
): Promise<Climb<ProviderReply>> {
  const stopsAtOverflow = measures[at]?.type !== "larger_model";
  const other = { resume, stopsAtOverflow };
  return climb(plan, otherClimbPorts(gateway, exchange, request, plan, other));
}

/** Readies `state` for another climb. `left` null: nothing is left to do, and the fault is the caller's to know. */
async function takeMeasure(
  gateway: Gateway,
  exchange: Exchange,
  state: Progress,
  measures: readonly OverflowMeasure[],
  failed: Failed,
): Promise<Resume | { readonly attempts: readonly Attempt[]; readonly left: null }> {
  let { attempts } = failed;
  const { route } = exchange;
  for (;;) {
    const measure = measures[state.at];
    const overflowed = lastCalled(exchange, attempts);
    const callsLeft = state.plan.maxAttempts - countCalls(attempts);
    if (!route || !measure || measure.type === "fail" || !overflowed || callsLeft <= 0)
      return { attempts, left: null };
    if (measure.type === "larger_model") {
      state.at++;
      const larger = largerThan(state.plan, overflowed.model.contextWindow);
      if (larger === null) continue;
      state.plan = larger;
      const left = [...failed.left, ...leftBySummary(exchange, larger, attempts)];
      return { attempts, left, overflowed: failed.overflowed };
    }
    if (callsLeft === 1 && hasLargerLater(state, measures, overflowed)) {
      // The last call is worth most where the answer is certain to fit.
      state.at++;
      continue;
    }
    const means = meansOf(gateway, exchange, attempts, exchange.plan ?? state.plan);
    const short = await shortenedBy(measure, longFor(overflowed, route, state), state, means);
    ({ attempts } = means);
    const plan = short && goOnShorter(exchange, route, short, state.plan, means.spent());
    if (!short || !plan) continue;
    noteShortened(exchange, short, measure.type === "summarize" ? "summarized" : "truncated");
    state.request = short.request;
    state.plan = plan;
    const left = [...leftForShorter(failed, attempts), ...leftBySummary(exchange, plan, attempts)];
    return { attempts, left };
  }
}

/** What must be cut so that it fits `overflowed`, which took it for longer than it was estimated. */
function longFor(overflowed: Deployment, route: RouteInput, { request, plan }: Progress): LongRequest {
  const room = roomFor(overflowed, demandOf(route).outputTokens);
  const tokens = plan.estimatedInputTokens;
  return { route, whole: plan, request, tokens, target: Math.floor(Math.min(tokens, room) * CUT_TO) };
}

/** Null where the measure does not help. `state` goes on to the next one once this one has done what it can. */
async function shortenedBy(
  measure: Shortening,
  long: LongRequest,
  state: Progress,
  means: TrafficMeans,
): Promise<ShortRequest | null> {
  if (measure.type === "truncate_oldest") {
    state.cuts++;
    const short = await carriedOut(truncated(long, means));
    if (short === null || state.cuts >= MAX_CUTS) state.at++;
    return short;
  }
  state.at++;
  const summed = await carriedOut(summarized(long, measure, means));
  return typeof summed === "string" ? null : summed;
}

/** The exchange's plan for a shorter request; null where nobody serves that one either. `before`: the plan so far. */
function goOnShorter(
  exchange: Exchange,
  route: RouteInput,
  short: ShortRequest,
  before: RoutePlan,
  spent: NanoDollars,
): RoutePlan | null {
  const again = routeShorter(route, before, short, spent);
  if (typeof again === "string") return null;
  exchange.route = again.route;
  if (exchange.plan?.exercise) exchange.exercised = true;
  // A ladder that was climbed before is not exercised again, and the modes that are left to it stay so.
  exchange.plan = { ...asOrdered(again.plan), degraded: before.degraded };
  return exchange.plan;
}

function hasLargerLater({ at, plan }: Progress, measures: readonly OverflowMeasure[], { model }: Deployment) {
  const isLater = measures.some(({ type }, index) => index > at && type === "larger_model");
  return isLater && largerThan(plan, model.contextWindow) !== null;
}

/** The deployment that said so: side calls are none of the ladder's. */
function lastCalled({ snapshot }: Exchange, attempts: readonly Attempt[]): Deployment | null {
  const last = attempts.findLast(({ result, purpose }) => result === "fault" && purpose === undefined);
  return (last && snapshot.deployments.get(last.deployment)) ?? null;
}

/** The plan with models of a larger window alone; null where it has none. */
function largerThan(plan: RoutePlan, window: number): RoutePlan | null {
  const ordered = asOrdered(plan);
  const rungs = ordered.rungs
    .map((rung) => ({
      ...rung,
      candidates: rung.candidates.filter(({ model }) => model.contextWindow > window),
    }))
    .filter(({ candidates }) => candidates.length > 0);
  return rungs.length === 0 ? null : { ...ordered, rungs };
}

/** Whoever failed stays left; whom the request was too long for, or who could not be told it, may be asked the shorter one. */
function leftForShorter({ left }: Failed, attempts: readonly Attempt[]): readonly Left[] {
  const again = new Set<string>();
  for (const { deployment, fault, skipped } of attempts) {
    if (fault?.kind === "context_overflow" || skipped === "unsent") again.add(deployment);
  }
  return left.filter(({ deployment, scope }) => scope !== "deployment" || !again.has(deployment.id));
}
