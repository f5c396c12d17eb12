/** The one path of a request through the data plane. Each line below is a room of its own. */
import type { Caller } from "../core/caller.ts";
import { CALLER_LEFT, type Fault, ok, type Result } from "../core/faults.ts";
import { parseJson } from "../core/json.ts";
import type { RoutePlan } from "../core/plan.ts";
import type { ModelRequest } from "../core/request.ts";
import type { UseCase } from "../core/snapshot.ts";
import type { Writable } from "../core/writable.ts";
import { measureRequest, type RequestSize } from "../policy/estimates/measure-request.ts";
import { RoutingTap } from "../policy/replay/routing-tap.ts";
import { digestOfUser } from "../policy/rollouts/sticky-key.ts";
import { draftRoute, planRoute, type RouteInput, resolveUseCase } from "../policy/routing/plan.ts";
import { cappedFault } from "../providers/cap-output.ts";
import type { ProviderReply } from "../providers/send.ts";
import type { AnyWire } from "../providers/wire-registry.ts";
import { type Climb, climb } from "../resilience/ladder.ts";
import type { RequestHints } from "../wires/wire.ts";
import { takeArm } from "./arm.ts";
import { signatureFault } from "./aws-signature.ts";
import { lookUp } from "./cache/use-cache.ts";
import { identifyAtAll, settleVersion } from "./choose-version.ts";
import { climbPorts } from "./climb-ports.ts";
import { countingPlan, estimatedCount, NOBODY_COUNTS } from "./count-tokens.ts";
import { standIn } from "./degraded/modes.ts";
import { withoutStandIns } from "./degraded/without-stand-ins.ts";
import { beginExchange, type Exchange } from "./exchange.ts";
import type { Gateway } from "./gateway.ts";
import type { Ingress } from "./ingress.ts";
import { climbWithMeasures, hasMeasures } from "./overflow/climb-with-measures.ts";
import { fitRequest } from "./overflow/fit-request.ts";
import { readBody } from "./read-body.ts";
import { checkHeaderSize } from "./read-headers.ts";
import { readHints } from "./read-hints.ts";
import {
  answerDegraded,
  answerEstimate,
  answerFault,
  answerKept,
  answerStream,
  answerWhole,
  COME_BACK_MS,
  internalFault,
} from "./respond.ts";

/** A caller who was authenticated before, as a batch's was. */
export interface TrustedCaller extends Caller {
  /** False: the request can wait for a model, so no degraded mode is to stand in for one. */
  readonly standIns?: boolean;
}

/**
 * Answers one inference call; `trusted` is a caller who was authenticated before, as a batch's was. Never throws:
 * what cannot be answered is refused in the caller's dialect.
 */
export async function handleInference(
  gateway: Gateway,
  ingress: Ingress,
  http: Request,
  trusted: TrustedCaller | null = null,
): Promise<Response> {
  const exchange = beginExchange(gateway, ingress, http);
  let climbed: Climb<ProviderReply> | null = null;
  try {
    const identity = trusted ? ok({ caller: trusted, proof: null }) : identifyAtAll(exchange);
    if (!identity.ok) return answerFault(gateway, exchange, identity.fault);
    const { caller: known, proof } = identity.value;
    if (proof === null) exchange.caller = known;

    const hints = readContractHeaders(gateway, exchange, ingress, http.headers);
    if (!hints.ok) return answerFault(gateway, exchange, hints.fault);
    const bytes = await readBody(http, exchange.headers, gateway.ingress, gateway.clock);
    if (!bytes.ok) return answerFault(gateway, exchange, bytes.fault);
    if (proof !== null) {
      const forged = signatureFault(http, bytes.value, proof.stated, proof.secret, gateway.clock.wall());
      if (forged) return answerFault(gateway, exchange, forged);
      exchange.caller = known;
    }
    const request = parse(gateway, ingress.wire, bytes.value, hints.value);
    if (!request.ok) return answerFault(gateway, exchange, request.fault);
    exchange.request = request.value;
    const sent = { request: http, body: bytes.value, trusted: trusted !== null };
    const settled = settleVersion(gateway, exchange, request.value, known, sent);
    if (!settled.ok) return answerFault(gateway, exchange, settled.fault);
    const caller = settled.value;
    exchange.caller = caller;

    const lease = gateway.admission.admit(caller, exchange.snapshot, exchange.arrivedAt);
    if (!lease.ok) return answerFault(gateway, exchange, lease.fault);
    exchange.lease = lease.value;

    const routed = route(gateway, exchange, request.value, caller);
    const planned = routed instanceof Promise ? await routed : routed;
    const kept = lookUp(gateway, exchange, http.headers);
    if (kept) return answerKept(gateway, exchange, kept);
    const fitting = fitRequest(gateway, exchange, planned);
    const fitted = fitting === null ? planned : await fitting;
    const plan = trusted?.standIns === false ? withoutStandIns(fitted) : fitted;
    if (!plan.ok) return answerFault(gateway, exchange, lastWord(exchange, plan.fault), exchange.prelude);
    exchange.plan = plan.value;

    climbed = await climbLadder(gateway, exchange, exchange.request, plan.value);
    if (!climbed.ok) return await answerWithoutModel(gateway, exchange, climbed);
    if (climbed.attempts.length > 1) noteLargerModel(exchange, climbed);
    const reply = climbed.value;
    if (exchange.plan.shadows) gateway.shadows?.mirror(gateway, exchange, request.value);
    if (reply.kind === "stream") return answerStream(gateway, exchange, climbed, reply);
    return answerWhole(gateway, exchange, climbed, reply);
  } catch (thrown) {
    gateway.reportInternal(exchange.requestId, thrown);
    if (climbed?.ok) climbed.settle("none");
    return answerFault(gateway, exchange, internalFault(exchange.requestId));
  }
}

function readContractHeaders(
  gateway: Gateway,
  { headers }: Exchange,
  ingress: Ingress,
  sent: Headers,
): Result<RequestHints> {
  const size = checkHeaderSize(headers, gateway.ingress.maxHeaderChars);
  return size.ok ? readHints(headers.hints, ingress, sent) : size;
}

function parse(
  gateway: Gateway,
  wire: AnyWire,
  bytes: Uint8Array,
  hints: RequestHints,
): Result<ModelRequest> {
  const body = parseJson(bytes, gateway.ingress.maxJsonDepth);
  return body.ok ? wire.parseRequest(body.value, hints) : body;
}

/** A promise only where the request is near a limit and must be counted. */
function route(
  gateway: Gateway,
  exchange: Exchange,
  request: ModelRequest,
  caller: Caller,
): Result<RoutePlan> | Promise<Result<RoutePlan>> {
  const useCase = resolveUseCase(exchange.snapshot, request.target, caller);
  if (!useCase.ok) return useCase;
  const { health, random, flags = null, spend = null } = gateway;
  const now = exchange.arrivedAt;
  const outside = { health, random, flags, spend, caller, useCase: useCase.value.id, now };
  const tap = new RoutingTap(outside, request);
  const measured = measureRequest(request, useCase.value);
  if (!(measured instanceof Promise)) return planFor(exchange, request, caller, useCase.value, tap, measured);
  return measured.then((size) => planFor(exchange, request, caller, useCase.value, tap, size));
}

function planFor(
  exchange: Exchange,
  request: ModelRequest,
  caller: Caller,
  useCase: UseCase,
  tap: RoutingTap,
  { tokens, longest }: RequestSize,
): Result<RoutePlan> {
  const input: Writable<RouteInput> = {
    snapshot: exchange.snapshot,
    useCase,
    request,
    caller,
    health: tap,
    now: exchange.arrivedAt,
    estimatedInputTokens: tokens,
    random: tap.random,
    flags: tap.flags,
    estimates: tap.estimates,
    spend: tap,
  };
  if (longest < tokens) input.longestInputTokens = longest;
  if (request.user !== undefined) input.userDigest = digestOfUser(request.user);
  const planned = planRoute(input);
  // Who was refused, and why, belongs on record all the more when nobody is left.
  const plan = planned.ok ? planned.value : draftRoute(input);
  tap.seal(exchange.snapshot.estimates);
  exchange.routing = { tap, input, plan };
  exchange.plan = plan;
  const tooMuch = cappedFault(request, plan.maxOutputTokens);
  // Nobody routes it again, to make it fit or otherwise.
  if (tooMuch) return { ok: false, fault: tooMuch };
  exchange.route = input;
  if (plan.arm) takeArm(exchange, input, plan, plan.arm);
  return planned;
}

function climbLadder(
  gateway: Gateway,
  exchange: Exchange,
  request: ModelRequest,
  plan: RoutePlan,
): Promise<Climb<ProviderReply>> {
  if (request.operation === "count_tokens") return climbToCount(gateway, exchange, request, plan);
  if (hasMeasures(exchange)) return climbWithMeasures(gateway, exchange, request, plan);
  return climb(plan, climbPorts(gateway, exchange, request, plan));
}

/** One call; where it fails, our own estimate is there at once. */
async function climbToCount(
  gateway: Gateway,
  exchange: Exchange,
  request: ModelRequest,
  plan: RoutePlan,
): Promise<Climb<ProviderReply>> {
  const counting = countingPlan(plan);
  if (counting === null) return NOBODY_COUNTS;
  return climb(counting, climbPorts(gateway, exchange, request, counting));
}

/** A model with a larger window answered what another one refused as too long. */
function noteLargerModel(exchange: Exchange, { attempts }: Climb<ProviderReply>): void {
  if (exchange.overflow !== null) return;
  if (attempts.some(({ fault }) => fault?.kind === "context_overflow")) {
    exchange.overflow = { how: "larger_model", dropped: 0 };
  }
}

/** Nobody answered: what the policy has for that where the ladder ran out, the fault itself where it stopped. */
async function answerWithoutModel(
  gateway: Gateway,
  exchange: Exchange,
  climbed: Extract<Climb<ProviderReply>, { ok: false }>,
): Promise<Response> {
  const { request } = exchange;
  const isLeft = climbed.cause === "cancelled" || exchange.callerSignal.aborted;
  if (request?.operation === "count_tokens" && !isLeft) {
    return answerEstimate(gateway, exchange, await estimatedCount(request), climbed.attempts);
  }
  const ranOut = climbed.cause === "exhausted" || climbed.cause === "deadline";
  if (!ranOut || isLeft) {
    return answerFault(gateway, exchange, lastWord(exchange, climbed.fault), climbed.attempts);
  }
  const why = { retryAfterMs: COME_BACK_MS, ...climbed.fault };
  // Words stand in for an answer, not for vectors.
  if (request?.operation !== "chat") return answerFault(gateway, exchange, why, climbed.attempts);
  const retryAfterSeconds = Math.ceil(why.retryAfterMs / 1000);
  const { answer, attempts } = await standIn(gateway, exchange, {
    attempts: climbed.attempts,
    retryAfterSeconds,
  });
  if (answer) return answerDegraded(gateway, exchange, answer, attempts, climbed.fault);
  return answerFault(gateway, exchange, lastWord(exchange, why), attempts);
}

/** What failed after its caller had left, a summary for one, failed for that reason. */
function lastWord({ callerSignal }: Exchange, why: Fault): Fault {
  return callerSignal.aborted && why.kind !== "cancelled" ? CALLER_LEFT : why;
}
