/** The one path of a request through the data plane. Each line below is a room of its own. */
import type { Caller } from "../core/caller.ts";
import { ok, type Result } from "../core/faults.ts";
import { parseJson } from "../core/json.ts";
import type { RoutePlan } from "../core/plan.ts";
import type { ModelRequest } from "../core/request.ts";
import { measureRequest } from "../policy/measure-request.ts";
import { draftRoute, planRoute, resolveUseCase } from "../policy/plan.ts";
import type { ProviderReply } from "../providers/send.ts";
import type { AnyWire } from "../providers/wire-registry.ts";
import { type Climb, climb } from "../resilience/ladder.ts";
import type { RequestHints } from "../wires/wire.ts";
import { attempt } from "./attempt.ts";
import { identify } from "./authenticate.ts";
import { signatureFault } from "./aws-signature.ts";
import { climbPorts } from "./climb-ports.ts";
import { degradedAnswer } from "./degraded.ts";
import { beginExchange, type Exchange } from "./exchange.ts";
import type { Gateway } from "./gateway.ts";
import type { Ingress } from "./ingress.ts";
import { readBody } from "./read-body.ts";
import { checkHeaderSize } from "./read-headers.ts";
import { readHints } from "./read-hints.ts";
import { answerDegraded, answerFault, answerStream, answerWhole, internalFault } from "./respond.ts";

/** When to come back after a ladder that ran out, where no circuit or cooldown knows better. Milliseconds. */
const COME_BACK_MS = 1000;

/**
 * Answers one inference call; `trusted` is a caller who was authenticated before, as a batch's was. Never throws:
 * what cannot be answered is refused in the caller's dialect.
 */
export async function handleInference(
  gateway: Gateway,
  ingress: Ingress,
  http: Request,
  trusted: Caller | null = null,
): Promise<Response> {
  const exchange = beginExchange(gateway, ingress, http);
  let climbed: Climb<ProviderReply> | null = null;
  try {
    const identity = trusted
      ? ok({ caller: trusted, proof: null })
      : identify(exchange.headers, exchange.snapshot);
    if (!identity.ok) return answerFault(gateway, exchange, identity.fault);
    const { caller, proof } = identity.value;
    if (proof === null) exchange.caller = caller;

    const hints = readContractHeaders(gateway, exchange, ingress, http.headers);
    if (!hints.ok) return answerFault(gateway, exchange, hints.fault);
    const bytes = await readBody(http, exchange.headers, gateway.ingress, gateway.clock);
    if (!bytes.ok) return answerFault(gateway, exchange, bytes.fault);
    if (proof !== null) {
      const forged = signatureFault(http, bytes.value, proof.stated, proof.secret, gateway.clock.now());
      if (forged) return answerFault(gateway, exchange, forged);
      exchange.caller = caller;
    }
    const request = parse(gateway, ingress.wire, bytes.value, hints.value);
    if (!request.ok) return answerFault(gateway, exchange, request.fault);
    exchange.request = request.value;

    const lease = gateway.admission.admit(caller, exchange.snapshot, exchange.arrivedAt);
    if (!lease.ok) return answerFault(gateway, exchange, lease.fault);
    exchange.lease = lease.value;

    const routed = route(gateway, exchange, request.value, caller);
    const plan = routed instanceof Promise ? await routed : routed;
    if (!plan.ok) return answerFault(gateway, exchange, plan.fault);
    exchange.plan = plan.value;

    climbed = await climbLadder(gateway, exchange, request.value, plan.value);
    if (!climbed.ok) return answerWithoutModel(gateway, exchange, climbed);
    const reply = climbed.value;
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
  const planFor = (estimatedInputTokens: number) => {
    const input = {
      snapshot: exchange.snapshot,
      useCase: useCase.value,
      request,
      caller,
      health: gateway.health,
      now: exchange.arrivedAt,
      estimatedInputTokens,
      random: gateway.random,
    };
    const planned = planRoute(input);
    // Who was refused, and why, belongs on record all the more when nobody is left.
    if (!planned.ok) exchange.plan = draftRoute(input);
    return planned;
  };
  const measured = measureRequest(request, useCase.value);
  return typeof measured === "number" ? planFor(measured) : measured.then(planFor);
}

function climbLadder(
  gateway: Gateway,
  exchange: Exchange,
  request: ModelRequest,
  plan: RoutePlan,
): Promise<Climb<ProviderReply>> {
  return climb(
    plan,
    climbPorts(gateway, exchange, plan, (call) => attempt(gateway, exchange, request, plan, call)),
  );
}

/** Nobody answered: the policy's words where the ladder ran out, the fault itself where it stopped. */
function answerWithoutModel(
  gateway: Gateway,
  exchange: Exchange,
  climbed: Extract<Climb<ProviderReply>, { ok: false }>,
): Response {
  const ranOut = climbed.cause === "exhausted" || climbed.cause === "deadline";
  // Words stand in for an answer, not for vectors.
  const degraded = ranOut && exchange.request?.operation === "chat" ? degradedAnswer(exchange) : null;
  if (degraded) return answerDegraded(gateway, exchange, degraded, climbed.attempts, climbed.fault);
  const why = ranOut ? { retryAfterMs: COME_BACK_MS, ...climbed.fault } : climbed.fault;
  return answerFault(gateway, exchange, why, climbed.attempts);
}
