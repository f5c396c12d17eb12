/**
 * One request on its way through the house: who, what, when, and what is known so far. Owns identity and
 * trace; the stages fill the rest, and the recorder reads it at the end.
 */
import type { Caller } from "../core/caller.ts";
import type { Random } from "../core/clock.ts";
import type { Attempt, CacheUse, Decision } from "../core/decision.ts";
import type { RoutePlan } from "../core/plan.ts";
import type { ModelRequest } from "../core/request.ts";
import type { ConfigSnapshot, SplitSnapshots } from "../core/snapshot.ts";
import type { RoutingTap } from "../policy/replay/routing-tap.ts";
import type { RouteInput } from "../policy/routing/plan.ts";
import type { AnyWire } from "../providers/wire-registry.ts";
import type { Lease } from "./admit.ts";
import type { CacheSlot } from "./cache/cache-slot.ts";
import type { PartialAnswer } from "./degraded/degraded-answer.ts";
import type { Gateway } from "./gateway.ts";
import type { Ingress } from "./ingress.ts";
import { type IngressHeaders, readHeaders } from "./read-headers.ts";

export interface Exchange {
  readonly wire: AnyWire;
  readonly headers: IngressHeaders;
  /** The older of two, until it is settled which of them serves; one, and the same, from then on. */
  snapshot: ConfigSnapshot;
  /** The two, as they were when the request arrived; null: there is one. */
  readonly split: SplitSnapshots | null;
  readonly arrivedAt: number;
  readonly requestId: string;
  readonly decisionId: string;
  readonly traceId: string;
  readonly traceFlags: string;
  /** Of the caller's vendors, where the caller's trace is kept; passed on as it is. */
  readonly tracestate: string | null;
  readonly callerSignal: AbortSignal;
  caller: Caller | null;
  /** As it is answered: where it was too long, without what was left out. */
  request: ModelRequest | null;
  /** What routing was asked, for whoever has to ask it again; null: nobody has, also where it was refused before that. */
  route: RouteInput | null;
  /** What it was asked first and what it said, for the record. */
  routing: { readonly tap: RoutingTap; readonly input: RouteInput; readonly plan: RoutePlan } | null;
  plan: RoutePlan | null;
  /** Calls that were made before the ladder: their cost is the request's, too. */
  prelude: readonly Attempt[];
  /** The place among the concurrent requests; given back when the request is concluded. */
  lease: Lease | null;
  /** Names of controls that could not be honoured. */
  warnings: readonly string[];
  /** Where the answer is kept; null: nowhere. */
  cacheSlot: CacheSlot | null;
  cacheUse: CacheUse | null;
  /** What was done about a request that is too long. */
  overflow: NonNullable<Decision["overflow"]> | null;
  /** A later rung was put first by a plan that has given way to another one since. */
  exercised: boolean;
  /** The most that a model said of an answer that broke off, where the policy lets it be told; null: nothing. */
  partial: PartialAnswer | null;
  /** Id of the ticket that was made of it. */
  ticket: string | null;
}

const REQUEST_ID = /^[A-Za-z0-9._:-]{1,128}$/;
const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;
/** Where random bits become digits: of pieces put together, a text would have to be flattened later. */
const BITS = Buffer.alloc(16);
const NO_ATTEMPTS: readonly Attempt[] = [];
const NO_WARNINGS: readonly string[] = [];
const NO_TRACE = "0".repeat(32);

/** A caller's own well-formed `x-request-id` and `traceparent` are kept; others are replaced, not refused. */
export function beginExchange(gateway: Gateway, ingress: Ingress, http: Request): Exchange {
  const headers = readHeaders(http.headers);
  const stated = headers.requestId;
  const trace = headers.traceparent === null ? null : TRACEPARENT.exec(headers.traceparent);
  const traceId = trace?.[1] && trace[1] !== NO_TRACE ? trace[1] : randomHex(gateway.random, 4);
  const split = gateway.split?.() ?? null;
  return {
    wire: ingress.wire,
    headers,
    snapshot: split?.older ?? gateway.snapshot(),
    split,
    arrivedAt: gateway.clock.now(),
    requestId: stated && REQUEST_ID.test(stated) ? stated : gateway.ids.next("req"),
    decisionId: gateway.ids.next("dec"),
    traceId,
    traceFlags: trace?.[3] ?? "00",
    tracestate: trace ? headers.tracestate : null,
    callerSignal: http.signal,
    caller: null,
    request: null,
    route: null,
    routing: null,
    plan: null,
    prelude: NO_ATTEMPTS,
    lease: null,
    warnings: NO_WARNINGS,
    cacheSlot: null,
    cacheUse: null,
    overflow: null,
    exercised: false,
    partial: null,
    ticket: null,
  };
}

/** The trace context of one call to a provider: the caller's trace, a span of ours. */
export function childTraceparent(exchange: Pick<Exchange, "traceId" | "traceFlags">, random: Random): string {
  return `00-${exchange.traceId}-${randomHex(random, 2)}-${exchange.traceFlags}`;
}

/** `words` × 32 random bits as hexadecimal, four words at the most. */
function randomHex(random: Random, words: number): string {
  for (let i = 0; i < words; i++) BITS.writeUInt32BE(Math.floor(random() * 4294967296), i * 4);
  return BITS.toString("hex", 0, words * 4);
}
