/**
 * One call to one deployment. Owns headers, the socket and the limits; the wire owns bodies. Returns what
 * came as events, or a fault; it never throws and never tries again.
 */
import type { Clock } from "../core/clock.ts";
import type { AttemptTimeouts, Deployment } from "../core/deployment.ts";
import { isContent, isTerminal, type StreamEvent } from "../core/events.ts";
import { type Fault, fault } from "../core/faults.ts";
import type { ModelRequest } from "../core/request.ts";
import type { Framing } from "../wires/framing.ts";
import type { AnswerHead, Lowered, LowerTarget, Warning } from "../wires/wire.ts";
import type { Authorize, UnsignedCall } from "./authorize.ts";
import { withOwnCallIds } from "./call-ids.ts";
import { canConnect } from "./connect-check.ts";
import { refusesWhoCalls } from "./credential-refused.ts";
import { endpointBody } from "./endpoint-body.ts";
import { endpointUrl, streams } from "./endpoint-url.ts";
import { readErrorAnswer } from "./error-answer.ts";
import { type EventStream, openEventStream } from "./event-stream.ts";
import { framingOf } from "./framing-registry.ts";
import { networkFault } from "./network-fault.ts";
import { prepareCall } from "./prepare-call.ts";
import { keepable, type Sent } from "./said/keepable.ts";
import { authorizationFault, noProofInTime } from "./tokens/unavailable.ts";
import type { Transport, UpstreamAnswer } from "./transport.ts";
import { vectorFault } from "./vector-count.ts";
import { Watchdog, type WatchdogLimits } from "./watchdog.ts";
import type { AnyWire } from "./wire-registry.ts";

/** Bytes of a whole answer that are read at the most. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

export interface ProviderCall {
  readonly request: ModelRequest;
  readonly deployment: Deployment;
  readonly timeouts: AttemptTimeouts;
  /** Milliseconds from the start that a stream may last once its first content has come. */
  readonly committedTotalMs: number;
  /** W3C trace context of this hop. */
  readonly traceparent: string;
  /** The caller's own part of it; null: none. */
  readonly tracestate: string | null;
  readonly callerSignal: AbortSignal | null;
  /**
   * Ends the call at once when it aborts; null or absent: only the caller may leave, which is noticed in half a second.
   */
  readonly endSignal?: AbortSignal | null;
}

const NOTHING_ANSWERED: readonly StreamEvent[] = [];

export interface WholeReply {
  readonly kind: "whole";
  readonly events: readonly StreamEvent[];
  readonly warnings: readonly Warning[];
}

/** A stream whose first content has arrived: `head` holds everything up to it. */
export interface StreamReply {
  readonly kind: "stream";
  readonly head: readonly StreamEvent[];
  /** Null when `head` already holds the terminal event. */
  readonly rest: EventStream | null;
  readonly warnings: readonly Warning[];
}

export type ProviderReply = WholeReply | StreamReply;

/** How a call ended. */
export type Sending =
  | { readonly ok: true; readonly value: ProviderReply }
  | {
      readonly ok: false;
      readonly fault: Fault;
      /**
       * What the provider had told before the fault, which it may bill. Absent where it was not asked, or did not
       * begin to answer before it failed by itself.
       */
      readonly came?: readonly StreamEvent[];
    };

/** What every call needs of the process. */
export interface SendPorts {
  readonly clock: Clock;
  readonly authorize: Authorize;
  readonly transport: Transport;
}

/** Faults say nothing of what was asked or answered, nor of what the call proved itself with. */
export async function sendToProvider(call: ProviderCall, ports: SendPorts): Promise<Sending> {
  const { clock } = ports;
  const { request, deployment } = call;
  const preparing = prepareCall(request, deployment);
  const prepared = preparing instanceof Promise ? await preparing : preparing;
  if (!prepared.ok) return prepared;
  const { wire, target, lowered, choices, warnings } = prepared.value;
  const framed = streams(deployment.endpoint, request) ? framingOf(deployment, wire) : null;
  const framing = framed instanceof Promise ? await framed : framed;

  const { timeouts, committedTotalMs, callerSignal, endSignal } = call;
  const { transport } = ports;
  const limits: WatchdogLimits = {
    timeouts,
    committedTotalMs,
    callerSignal,
    endSignal: endSignal ?? null,
    canConnect: transport.limitsConnect ? null : connectCheck(deployment, clock),
  };
  const watchdog = new Watchdog(clock, limits, framing !== null);
  let streaming = false;
  let answer: UpstreamAnswer | null = null;
  let proven = false;
  let asked = false;
  try {
    const unsigned = unsignedCall(call, wire, framing, target, lowered);
    const authorizing = ports.authorize(deployment, unsigned, watchdog);
    if (authorizing) await authorizing;
    proven = true;
    asked = watchdog.fault === null;
    answer = await transport.send(unsigned, timeouts.connect, watchdog);
    watchdog.answered();
    // No more of the call than this: a stream keeps it to its end.
    const sent: Sent = { request, credential: deployment.credential, headers: unsigned.headers };
    if (answer.status >= 400) {
      const why = await readErrorAnswer(wire, answer, clock);
      if (watchdog.fault?.kind === "cancelled") return refuse(watchdog.fault);
      if (refusesWhoCalls(why, deployment.credential)) unsigned.doubt?.();
      return refuse(keepable(why, sent, NOTHING_ANSWERED));
    }
    if (framing === null) {
      const body = readJson(answer);
      const whole = readWhole(wire, body instanceof Promise ? await body : body, answer, sent, warnings);
      return request.stream ? whollyAnswered(whole) : whole;
    }
    const opened = await readHead(wire, framing, answer, watchdog, sent, choices, warnings);
    streaming = opened.ok;
    return opened;
  } catch (thrown) {
    // It may not have been read to its end; one that was has nothing to give up.
    answer?.cancel().catch(() => {});
    const ended = watchdog.fault;
    // Not the model's silence: it has not been asked yet.
    if (ended?.kind === "timeout" && !proven) return refuse(noProofInTime(deployment.credential));
    // Whoever ends a call that was made does not know how far the model was with it.
    const isOurs = asked && (ended?.kind === "timeout" || ended?.kind === "cancelled");
    return refuse(ended ?? authorizationFault(thrown) ?? bodyFault(thrown), isOurs ? NOTHING_ANSWERED : null);
  } finally {
    // A stream that goes on keeps its watchdog; the event stream stops it.
    if (!streaming) watchdog.stop();
  }
}

const utf8 = new TextDecoder();

function connectCheck({ baseUrl }: Deployment, clock: Clock): WatchdogLimits["canConnect"] {
  return (withinMs) => canConnect(baseUrl, withinMs, clock);
}

function refuse(why: Fault, came: readonly StreamEvent[] | null = null): Sending {
  return came === null ? { ok: false, fault: why } : { ok: false, fault: why, came };
}

function unsignedCall(
  call: ProviderCall,
  wire: AnyWire,
  framing: Framing | null,
  target: LowerTarget,
  lowered: Lowered,
): UnsignedCall {
  const { deployment, request } = call;
  // In this order: ours are not to be replaced, and a spread costs more than the rest where there is nothing to spread.
  const headers: Record<string, string> = {};
  for (const name in deployment.headers) headers[name] = deployment.headers[name] ?? "";
  for (const name in lowered.headers) headers[name] = lowered.headers[name] ?? "";
  headers["content-type"] = "application/json";
  headers.accept = framing?.contentType ?? "application/json";
  headers.traceparent = call.traceparent;
  if (call.tracestate !== null) headers.tracestate = call.tracestate;
  const url = endpointUrl(deployment, request, wire.path(request, target));
  return { url, headers, body: JSON.stringify(endpointBody(deployment, request.operation, lowered.body)) };
}

function readWhole(
  wire: AnyWire,
  body: unknown,
  head: AnswerHead,
  sent: Sent,
  warnings: readonly Warning[],
): Sending {
  const events = withOwnCallIds(wire.readAnswer(body, head), sent.headers.traceparent ?? "");
  const last = events[events.length - 1];
  const isFault = last?.type === "fault";
  const why = isFault ? keepable(last.fault, sent, events) : vectorFault(sent.request, events);
  if (why) return refuse(why, events);
  return { ok: true, value: { kind: "whole", events, warnings } };
}

/** A promise only where more is to come. Throws a `RangeError` beyond the limit, a `SyntaxError` if not JSON. */
function readJson(answer: UpstreamAnswer): unknown {
  const bytes = answer.whole(MAX_ANSWER_BYTES);
  return bytes instanceof Promise ? bytes.then(jsonOf) : jsonOf(bytes);
}

function jsonOf(bytes: Uint8Array): unknown {
  return JSON.parse(utf8.decode(bytes));
}

/** What reading an answer threw: it was no JSON, too much of it, or the connection broke. */
function bodyFault(thrown: unknown): Fault {
  if (thrown instanceof SyntaxError) {
    return fault("malformed", "bad_answer", "The model's endpoint did not answer with JSON.");
  }
  if (thrown instanceof RangeError) {
    return fault("malformed", "answer_too_large", "The model's answer is larger than the gateway reads.");
  }
  return networkFault(thrown);
}

/** Reads up to the first content, so that whatever goes wrong before it can still fall back. */
async function readHead(
  wire: AnyWire,
  framing: Framing,
  answer: UpstreamAnswer,
  watchdog: Watchdog,
  sent: Sent,
  choices: number,
  warnings: readonly Warning[],
): Promise<Sending> {
  if (answer.contentType === "application/json") {
    const body = await readJson(answer);
    watchdog.stop();
    return whollyAnswered(readWhole(wire, body, answer, sent, warnings));
  }
  const { traceparent = "" } = sent.headers;
  const stream = openEventStream(wire, framing, answer, watchdog, choices, traceparent);
  const head: StreamEvent[] = [];
  for (;;) {
    const events = await stream.next();
    for (const event of events) head.push(event);
    const last = events[events.length - 1];
    const content = events.some(isContent);
    if (last?.type === "fault") {
      const why = keepable(last.fault, sent, head);
      if (!content) return refuse(why, head);
      head[head.length - 1] = { type: "fault", fault: why };
    }
    if (content || (last && isTerminal(last))) {
      const rest = last && isTerminal(last) ? null : keepableRest(stream, sent);
      return { ok: true, value: { kind: "stream", head, rest, warnings } };
    }
  }
}

/** The stream from its first content on, of which nothing is kept. */
function keepableRest(stream: EventStream, sent: Sent): EventStream {
  const checked = (events: readonly StreamEvent[]): readonly StreamEvent[] => {
    const last = events[events.length - 1];
    if (last?.type !== "fault") return events;
    return [...events.slice(0, -1), { type: "fault", fault: keepable(last.fault, sent, null) }];
  };
  return { next: () => stream.next().then(checked), cancel: stream.cancel };
}

/** A server that was asked to stream and answered whole: its answer is a stream that came at once. */
function whollyAnswered(whole: Sending): Sending {
  if (!whole.ok || whole.value.kind !== "whole") return whole;
  const { events, warnings } = whole.value;
  return { ok: true, value: { kind: "stream", head: events, rest: null, warnings } };
}
