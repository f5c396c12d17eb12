/**
 * A request that is known to be too long before it is sent goes on as the policy's measures have it. Owns what of its
 * exchange is replaced; which measure works is decided in policy/overflow.
 */
import { ok, type Result } from "../../core/faults.ts";
import type { OverflowLabel, RoutePlan } from "../../core/plan.ts";
import { fitted, type TooLong, tooLongFor } from "../../policy/overflow/fit.ts";
import { carriedOut } from "../../policy/overflow/means.ts";
import type { ShortRequest } from "../../policy/overflow/route-shorter.ts";
import type { Exchange } from "../exchange.ts";
import type { Gateway } from "../gateway.ts";
import { meansOf } from "./means.ts";

/**
 * Null where there is nothing to do about `planned`: the usual case, which costs a look at its refusals.
 * Otherwise the plan for what the exchange's request has become. Fault: `context_overflow`.
 */
export function fitRequest(
  gateway: Gateway,
  exchange: Exchange,
  planned: Result<RoutePlan>,
): Promise<Result<RoutePlan>> | null {
  const { route } = exchange;
  // Where nobody is left, the plan that says why is on record.
  const plan = planned.ok ? planned.value : exchange.plan;
  const long = plan && route && tooLongFor(route, plan, planned);
  return long && carryOut(gateway, exchange, long);
}

async function carryOut(gateway: Gateway, exchange: Exchange, long: TooLong): Promise<Result<RoutePlan>> {
  exchange.plan = long.plan;
  const means = meansOf(gateway, exchange, exchange.prelude, long.plan);
  const done = await carriedOut(fitted(long, means));
  exchange.prelude = means.attempts;
  switch (done.result) {
    case "shortened":
      exchange.route = done.route;
      exchange.plan = done.plan;
      noteShortened(exchange, done.short, done.how);
      return ok(done.plan);
    case "larger_model":
      exchange.overflow = { how: done.result, dropped: 0 };
      return ok(done.plan);
    case "as_planned":
      return long.planned;
    case "refused":
      return { ok: false, fault: done.fault };
  }
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
