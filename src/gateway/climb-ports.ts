/** What the ladder needs of the gateway for one request. Owns nothing; all climbs of a request share it. */
import type { Clock, Random } from "../core/clock.ts";
import type { Deployment } from "../core/deployment.ts";
import { costWithin, estimateCost } from "../core/estimate-cost.ts";
import { type Fault, fault } from "../core/faults.ts";
import type { NanoDollars } from "../core/money.ts";
import type { RoutePlan } from "../core/plan.ts";
import type { ModelRequest } from "../core/request.ts";
import type { RetrySettings } from "../core/settings.ts";
import { dialectOf } from "../providers/crossing.ts";
import type { ProviderReply } from "../providers/send.ts";
import type { Resume } from "../resilience/course.ts";
import type { Health } from "../resilience/health.ts";
import type { Call, Climb, ClimbPorts, SendOutcome } from "../resilience/ladder.ts";
import type { RetryBudget } from "../resilience/retry-budget.ts";
import { asComplained, attempt, estimateAbandoned } from "./attempt.ts";
import type { Exchange } from "./exchange.ts";
import type { Gateway } from "./gateway.ts";

/** A climb that found an answer. */
export type Climbed = Extract<Climb<ProviderReply>, { ok: true }>;

const TOO_LATE = fault("cancelled", "hedged_out", "Another deployment answered first.");

/** How a climb differs from the request's first. */
export interface OtherClimb<T> {
  /** Absent: as any call for the plan's own request. */
  readonly send?: (call: Call) => Promise<SendOutcome<T>>;
  /** Absent: the use case's. */
  readonly formatRetries?: number;
  /** Calls that count against the same bounds; with none of them it is a first climb. */
  readonly resume?: Resume;
  /** The plan with the size of what the deployment is asked. Absent: the size is the plan's own. */
  readonly sizedFor?: (deployment: Deployment) => RoutePlan;
  /** A request that is too long is shortened before a larger model is asked. */
  readonly stopsAtOverflow?: boolean;
}

/** For climbing `plan` with `request`. */
export function climbPorts(
  gateway: Gateway,
  exchange: Exchange,
  request: ModelRequest,
  plan: RoutePlan,
): ClimbPorts<ProviderReply> {
  return new RequestClimb(gateway, exchange, request, plan, null);
}

/** As `climbPorts`, for a climb that is not like the first. */
export function otherClimbPorts<T extends ProviderReply>(
  gateway: Gateway,
  exchange: Exchange,
  request: ModelRequest,
  plan: RoutePlan,
  other: OtherClimb<T>,
): ClimbPorts<T> {
  return new RequestClimb(gateway, exchange, request, plan, other);
}

/** A class, since each function of an object of its own would be made anew for every request. */
class RequestClimb<T extends ProviderReply> implements ClimbPorts<T> {
  readonly clock: Clock;
  readonly random: Random;
  readonly health: Health;
  readonly retryBudget: RetryBudget;
  readonly retry: RetrySettings;
  readonly formatRetries: number;
  readonly arrivedAt: number;
  readonly deadlineAt: number;
  readonly signal: AbortSignal;
  readonly resume: Resume | null;
  readonly stopsAtOverflow: boolean;
  readonly #gateway: Gateway;
  readonly #exchange: Exchange;
  readonly #request: ModelRequest;
  readonly #plan: RoutePlan;
  readonly #send: OtherClimb<T>["send"];
  readonly #sizedFor: OtherClimb<T>["sizedFor"];

  constructor(
    gateway: Gateway,
    exchange: Exchange,
    request: ModelRequest,
    plan: RoutePlan,
    other: OtherClimb<T> | null,
  ) {
    const { snapshot, arrivedAt } = exchange;
    this.clock = gateway.clock;
    this.random = gateway.random;
    this.health = gateway.health;
    this.retryBudget = gateway.retryBudget;
    this.retry = snapshot.retry;
    this.formatRetries = other?.formatRetries ?? snapshot.useCases.get(plan.useCase)?.formatRetries ?? 0;
    this.arrivedAt = arrivedAt;
    this.deadlineAt = arrivedAt + plan.deadlineMs;
    this.signal = exchange.callerSignal;
    this.resume = other?.resume ?? null;
    this.stopsAtOverflow = other?.stopsAtOverflow ?? false;
    this.#gateway = gateway;
    this.#exchange = exchange;
    this.#request = request;
    this.#plan = plan;
    this.#send = other?.send;
    this.#sizedFor = other?.sizedFor;
  }

  send(call: Call): Promise<SendOutcome<T>> {
    if (this.#send !== undefined) return this.#send(call);
    // Whoever wants another kind of reply says how it is had.
    return attempt(this.#gateway, this.#exchange, this.#request, this.#plan, call) as Promise<SendOutcome<T>>;
  }

  estimateCost(deployment: Deployment, complaint: Fault | null = null): NanoDollars | null {
    return estimateCost(asComplained(this.#sized(deployment), complaint), deployment.model);
  }

  costWithin(deployment: Deployment, left: NanoDollars): NanoDollars | null {
    return costWithin(this.#sized(deployment), deployment.model, left);
  }

  #sized(deployment: Deployment): RoutePlan {
    return this.#sizedFor?.(deployment) ?? this.#plan;
  }

  estimateAbandoned(deployment: Deployment): ReturnType<typeof estimateAbandoned> {
    return estimateAbandoned(this.#plan, deployment);
  }

  isTranslated({ wire, embeddingWire }: Deployment): boolean {
    const { operation, origin } = this.#request;
    const spoken = operation === "embed" ? (embeddingWire ?? wire) : wire;
    return dialectOf(origin.wire) !== dialectOf(spoken);
  }

  discard(reply: T): void {
    if (reply.kind === "stream") reply.rest?.cancel(TOO_LATE);
  }

  reportThrown(thrown: unknown): void {
    this.#gateway.reportInternal(this.#exchange.requestId, thrown);
  }
}
