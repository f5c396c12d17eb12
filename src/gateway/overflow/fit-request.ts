/**
 * What is done about a request that is known to be too long before it is sent: the policy's measures, in its
 * order. Owns the order; how a request is shortened is shorten.ts's.
 */
import type { Deployment } from "../../core/deployment.ts";
import { ok, type Result } from "../../core/faults.ts";
import type { OverflowLabel, RoutePlan } from "../../core/plan.ts";
import type { ModelRequest } from "../../core/request.ts";
import { asOrdered } from "../../policy/routing/exercise.ts";
import { lostToLength } from "../../policy/routing/lost-to-length.ts";
import { tooLong } from "../../policy/routing/no-candidate.ts";
import { demandOf, planRoute, type RouteInput } from "../../policy/routing/plan.ts";
import type { Exchange } from "../exchange.ts";
import type { Gateway } from "../gateway.ts";
import { roomFor } from "./room.ts";
import { type ShortRequest, summarized, truncated } from "./shorten.ts";

/**
 * Null where there is nothing to do about `planned`: the usual case, which costs a look at its refusals.
 * Otherwise the plan for what the exchange's request has become. Fault: `context_overflow`.
 */
export function fitRequest(
  gateway: Gateway,
  exchange: Exchange,
  planned: Result<RoutePlan>,
): Promise<Result<RoutePlan>> | null {
  const { route, request } = exchange;
  // Where nobody is left, the plan that says why is on record.
  const plan = planned.ok ? planned.value : exchange.plan;
  if (!plan || !route || request?.operation !== "chat") return null;
  const lost = lostToLength(plan, exchange.snapshot);
  if (lost.length === 0) return null;
  return takeMeasures(gateway, exchange, { route, request, planned, plan, lost });
}

interface TooLong {
  readonly route: RouteInput;
  readonly request: ModelRequest;
  readonly planned: Result<RoutePlan>;
  readonly plan: RoutePlan;
  /** Never empty. */
  readonly lost: readonly Deployment[];
}

async function takeMeasures(
  gateway: Gateway,
  exchange: Exchange,
  { route, request, planned, plan, lost }: TooLong,
): Promise<Result<RoutePlan>> {
  const measures = route.useCase.onOverflow;
  const { outputTokens } = demandOf(route);
  const rooms = lost.map((deployment) => roomFor(deployment, outputTokens));
  exchange.plan = plan;
  let preferred = rooms[0] ?? 0;
  for (const measure of measures) {
    let short: ShortRequest | null = null;
    switch (measure.type) {
      case "larger_model":
        if (planned.ok && planned.value.rungs.length > 0) {
          exchange.overflow = { how: "larger_model", dropped: 0 };
          return planned;
        }
        // No model holds it as it is: as little as possible is left out.
        preferred = Math.max(...rooms);
        continue;
      case "fail":
        return { ok: false, fault: tooLong(plan, lost, request) };
      case "truncate_oldest":
        short = await truncated(exchange, request, plan.estimatedInputTokens, preferred);
        break;
      case "summarize": {
        const { estimatedInputTokens: tokens } = plan;
        const done = await summarized(
          gateway,
          exchange,
          request,
          tokens,
          preferred,
          measure,
          exchange.prelude,
        );
        exchange.prelude = done.attempts;
        short = done.short;
      }
    }
    const again = short && planShortened(exchange, route, short, null);
    if (!short || !again) continue;
    noteShortened(exchange, short, measure.type === "summarize" ? "summarized" : "truncated");
    return ok(again);
  }
  // Where a larger model may come back, or the request is no model's anyway, routing has said so.
  const onlyLarger = measures.every(({ type }) => type === "larger_model");
  return onlyLarger ? planned : { ok: false, fault: tooLong(plan, lost, request) };
}

/**
 * The plan for a shorter request; null where nobody may serve that one either. `degraded`: the modes that are left to
 * the request; null: nothing has been settled about them.
 */
export function planShortened(
  exchange: Exchange,
  route: RouteInput,
  { request, tokens }: ShortRequest,
  degraded: RoutePlan["degraded"] | null,
): RoutePlan | null {
  const { estimates: _ofTheLong, ...rest } = route;
  const again: RouteInput = { ...rest, request, estimatedInputTokens: tokens };
  const planned = planRoute(again);
  if (!planned.ok || planned.value.rungs.length === 0) return null;
  exchange.route = again;
  if (degraded !== null && exchange.plan?.exercise) exchange.exercised = true;
  // A ladder that was climbed before is not exercised again.
  exchange.plan = degraded === null ? planned.value : { ...asOrdered(planned.value), degraded };
  return exchange.plan;
}

export function noteShortened(
  exchange: Exchange,
  { request, dropped }: ShortRequest,
  how: OverflowLabel,
): void {
  const before = exchange.overflow?.dropped ?? 0;
  exchange.request = request;
  exchange.overflow = { how, dropped: before + dropped.length };
}
