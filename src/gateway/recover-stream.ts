/**
 * The rest of an answer whose stream broke after the caller had seen a part of it (`continue`). Owns whether
 * that is possible and the second climb; how two answers are joined is join-stream.ts's.
 */
import type { Attempt } from "../core/decision.ts";
import type { Deployment } from "../core/deployment.ts";
import type { Fault } from "../core/faults.ts";
import type { RoutePlan } from "../core/plan.ts";
import type { ModelRequest } from "../core/request.ts";
import { asOrdered } from "../policy/routing/exercise.ts";
import { withinLimits } from "../providers/prepare-call.ts";
import type { StreamReply } from "../providers/send.ts";
import type { Left, Resume } from "../resilience/course.ts";
import { type Call, climb, type SendOutcome } from "../resilience/ladder.ts";
import { leftScope } from "../resilience/reaction.ts";
import type { Warning } from "../wires/wire.ts";
import { createUsageMeter, priceUsage, type UsageMeter } from "./account.ts";
import { attempt } from "./attempt.ts";
import { type Climbed, otherClimbPorts } from "./climb-ports.ts";
import type { Exchange } from "./exchange.ts";
import type { Gateway } from "./gateway.ts";
import {
  continuationOf,
  type JoinMode,
  joinModeFor,
  joinStream,
  nothingMore,
  withBeginning,
} from "./join-stream.ts";

export interface Continued {
  readonly climbed: Climbed;
  readonly reply: StreamReply;
  readonly mode: JoinMode;
  /** Sees all that `reply` brings. */
  readonly meter: UsageMeter;
}

export type Recovery =
  | { readonly ok: true; readonly value: Continued }
  | { readonly ok: false; readonly attempts: readonly Attempt[] };

/** How one deployment is asked to go on. */
type Leg = Pick<Continued, "mode" | "meter">;

/**
 * Climbs what is left of the plan, within the same bounds of calls, time, cost and retries. The attempts of `before` end
 * with the one that broke, `why` is how.
 */
export async function recoverStream(
  gateway: Gateway,
  exchange: Exchange,
  request: ModelRequest,
  plan: RoutePlan,
  before: Resume,
  told: string,
  why: Fault,
): Promise<Recovery> {
  const legs = new Map<Deployment, Leg>();
  const begun = withBeginning(plan, told);
  const sizedFor = (deployment: Deployment) => (joinModeFor(deployment, told) === "prefill" ? begun : plan);
  const send = async (call: Call): Promise<SendOutcome<StreamReply>> => {
    const mode = joinModeFor(call.deployment, told);
    const leg: Leg = { mode, meter: createUsageMeter() };
    legs.set(call.deployment, leg);
    // Before what was told is taken off, so that it is taken off the use case's limit too.
    const limited = withinLimits(request, plan.maxOutputTokens, call.deployment.model, null);
    if (!limited.ok) return limited;
    const { request: capped, warning } = limited.value;
    const asked = continuationOf(capped, told, mode);
    const outcome = await goOn(gateway, exchange, asked, sizedFor(call.deployment), call, told, leg);
    return outcome.ok && warning !== null
      ? { ...outcome, value: withWarning(outcome.value, warning) }
      : outcome;
  };
  // Words that stand in for an answer have no place in the middle of one.
  const rest: RoutePlan = { ...asOrdered(plan), degraded: [] };
  const resume = { ...before, left: leftBehind(plan, before, why) };
  const other = { send, sizedFor, formatRetries: 0, resume };
  const climbed = await climb(rest, otherClimbPorts(gateway, exchange, request, plan, other));
  if (!climbed.ok) return { ok: false, attempts: climbed.attempts };
  const { mode, meter } = legs.get(climbed.deployment) ?? { mode: "fresh", meter: createUsageMeter() };
  return { ok: true, value: { climbed, reply: climbed.value, mode, meter } };
}

async function goOn(
  gateway: Gateway,
  exchange: Exchange,
  request: ModelRequest,
  plan: RoutePlan,
  call: Call,
  told: string,
  { mode, meter }: Leg,
): Promise<SendOutcome<StreamReply>> {
  const sent = await attempt(gateway, exchange, request, plan, { ...call, complaint: null });
  if (!sent.ok) {
    if (mode === "fresh" || !sent.fault.ended) return sent;
    // What was told was all: only its end was missing.
    const value = nothingMore(sent.usage ?? null);
    for (const event of value.head) meter.see(event);
    return { ok: true, value, firstTokenMs: null, usage: null, cost: null };
  }
  if (sent.value.kind !== "stream") return { ok: false, fault: why("a whole answer") };
  const joined = await joinStream(sent.value, told, mode, meter.see);
  if (joined.ok) return { ...sent, value: joined.value };
  const usage = meter.usage(plan.estimatedInputTokens);
  return { ok: false, fault: joined.fault, usage, cost: priceUsage(call.deployment, usage) };
}

function withWarning(reply: StreamReply, warning: Warning): StreamReply {
  return { ...reply, warnings: [...reply.warnings, warning] };
}

function why(what: string): Fault {
  return { kind: "internal", code: "unexpected_reply", message: `The provider gave ${what} for a stream.` };
}

/** As it was before, with the deployment whose stream broke and what that takes down. */
function leftBehind(plan: RoutePlan, { attempts, left }: Resume, broken: Fault): readonly Left[] {
  const id = attempts[attempts.length - 1]?.deployment;
  for (const { candidates } of plan.rungs) {
    const deployment = candidates.find((one) => one.id === id);
    if (deployment)
      return [...left, { deployment, scope: leftScope(broken, plan.exercise && isFirst(attempts)) }];
  }
  return left;
}

/** Whether the ladder has called nobody else, nor passed anybody over: whom it exercises comes before all others. */
function isFirst(attempts: readonly Attempt[]): boolean {
  return attempts.filter(({ purpose }) => purpose === undefined).length === 1;
}
