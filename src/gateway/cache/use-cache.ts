/**
 * The answer cache on a request's way: looked up before the ladder, filled after it. Owns who may be given what;
 * where a use case has no `cache`, none of this runs.
 */
import type { Deployment } from "../../core/deployment.ts";
import { heldChars, isTerminal, type StreamEvent } from "../../core/events.ts";
import type { ModelRequest } from "../../core/request.ts";
import type { StreamReply } from "../../providers/send.ts";
import type { KeptAnswer } from "../../store/answer-store.ts";
import type { Warning } from "../../wires/wire.ts";
import type { Exchange } from "../exchange.ts";
import { checkAnswerFormat, type FormatVerdict } from "../format/answer-format.ts";
import type { Gateway } from "../gateway.ts";
import { readCacheControl } from "./cache-control.ts";
import { documentOf, type KeptDocument, MAX_DOCUMENT_CHARS, readDocument } from "./kept-document.ts";
import { mayGive } from "./may-give.ts";
import { requestKey } from "./request-key.ts";

/** An answer that was given before. */
export interface Replay extends KeptDocument {
  readonly ageMs: number;
}

/** Characters of a stream's events that are held; the pieces of a text weigh more than the document it becomes. */
const MAX_SEEN_CHARS = 8 * MAX_DOCUMENT_CHARS;

/** The answer to give at once, or null. Notes in the exchange where a new one would be kept. */
export function lookUp(gateway: Gateway, exchange: Exchange, sent: Headers): Replay | null {
  const { request, caller, route } = exchange;
  const settings = route?.useCase.cache;
  const answers = gateway.standIns?.answers;
  if (!settings || !answers || !request || !caller) return null;
  const wish = readCacheControl(sent.get("cache-control"));
  if (wish.noStore) return null;
  const { wire, plan, routing } = exchange;
  const arm = plan?.arm?.label ?? null;
  const key = requestKey(request, route.useCase, caller, wire, arm, routing?.input.request);
  if (key === null) return null;
  exchange.cacheSlot = { key, refresh: wish.refresh, maxAgeMs: wish.maxAgeMs };
  exchange.cacheUse = wish.refresh ? "refresh" : "miss";
  if (wish.refresh) return null;
  const found = findWithin(gateway, exchange, Math.min(settings.ttlMs, wish.maxAgeMs));
  if (found) exchange.cacheUse = "hit";
  return found;
}

/** For when no model answered: an answer that may be older than those given at once, but not than the caller takes. */
export function lookUpStale(gateway: Gateway, exchange: Exchange, maxAgeMs: number): Replay | null {
  const { cacheSlot } = exchange;
  if (cacheSlot === null || cacheSlot.refresh) return null;
  const found = findWithin(gateway, exchange, Math.min(maxAgeMs, cacheSlot.maxAgeMs));
  if (found) exchange.cacheUse = "stale";
  return found;
}

function findWithin(gateway: Gateway, exchange: Exchange, maxAgeMs: number): Replay | null {
  const { cacheSlot, caller, route, arrivedAt } = exchange;
  if (!cacheSlot || !caller || !route) return null;
  const kept = gateway.standIns?.answers.find(caller.tenant, cacheSlot.key, arrivedAt) ?? null;
  // One that was kept while this request climbed is newer than its arrival.
  const ageMs = kept ? Math.max(0, arrivedAt - kept.storedAt) : 0;
  if (!kept || ageMs > maxAgeMs) return null;
  const document = readDocument(kept.document);
  return mayGive(document.by, route) ? { ...document, ageMs } : null;
}

/** Keeps a whole answer of `deployment`, where there is a slot for it and it is worth keeping. */
export function keepAnswer(
  gateway: Gateway,
  exchange: Exchange,
  deployment: Deployment,
  warnings: readonly Warning[],
  events: readonly StreamEvent[],
): void {
  const { cacheSlot, caller, route } = exchange;
  const settings = route?.useCase.cache;
  const answers = gateway.standIns?.answers;
  if (!cacheSlot || !caller || !settings || !answers || isShortened(exchange)) return;
  const document = documentOf(deployment, warnings, events);
  if (document === null) return;
  const storedAt = gateway.clock.now();
  const kept: KeptAnswer = {
    tenant: caller.tenant,
    key: cacheSlot.key,
    useCase: route.useCase.id,
    storedAt,
    expiresAt: storedAt + settings.ttlMs + settings.staleForMs,
    document,
  };
  answers.keep(kept);
}

/** `reply` as it is, watched: a stream that comes to a good end is kept. One that is joined from two is not. */
export function watched(
  gateway: Gateway,
  exchange: Exchange,
  deployment: Deployment,
  request: ModelRequest,
  reply: StreamReply,
): StreamReply {
  const seen: StreamEvent[] = [];
  let chars = 0;
  let given = false;
  const see = (events: readonly StreamEvent[]): void => {
    if (given) return;
    for (const event of events) {
      seen.push(event);
      chars += heldChars(event);
    }
    const last = seen[seen.length - 1];
    const ended = last !== undefined && isTerminal(last);
    if (!ended && chars <= MAX_SEEN_CHARS) return;
    given = true;
    const answer = seen.splice(0);
    if (ended) keepInFormat(gateway, exchange, deployment, request, reply.warnings, answer);
  };
  see(reply.head);
  const { rest } = reply;
  if (rest === null || given) return reply;
  return {
    ...reply,
    rest: {
      async next() {
        const events = await rest.next();
        see(events);
        return events;
      },
      cancel: rest.cancel,
    },
  };
}

/** What went out piece by piece was not checked on its way: kept is what is as it should be. */
function keepInFormat(
  gateway: Gateway,
  exchange: Exchange,
  deployment: Deployment,
  request: ModelRequest,
  warnings: readonly Warning[],
  answer: readonly StreamEvent[],
): void {
  const keep = (verdict: FormatVerdict | null): void => {
    if (verdict === null) keepAnswer(gateway, exchange, deployment, warnings, answer);
  };
  const verdict = checkAnswerFormat(request, answer, gateway.schemaChecks);
  if (!(verdict instanceof Promise)) keep(verdict);
  else verdict.then(keep).catch((thrown) => gateway.reportInternal(exchange.requestId, thrown));
}

/** An answer to a part of the request is no answer to the request. */
function isShortened({ overflow }: Exchange): boolean {
  return overflow !== null && overflow.how !== "larger_model";
}
