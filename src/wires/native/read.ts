/** Another gateway's native stream and answer as events. Owns the check of each; the shapes are our own. */
import type { FinishReason, StreamEvent } from "../../core/events.ts";
import type { Fault } from "../../core/faults.ts";
import { isRecord } from "../../core/json.ts";
import type { Frame } from "../frame.ts";
import { badAnswer, badChunk, emptyAnswer, streamCut } from "../provider-fault.ts";
import type { JsonObject } from "../wire.ts";
import { readFault } from "./faults.ts";
import { readEvent } from "./read-event.ts";
import { readOutputs } from "./read-output.ts";
import { readReason, readUsage } from "./usage.ts";

/** Immutable: a frame that changes nothing hands the same object on. */
export interface ReadState {
  readonly phase: "waiting" | "open" | "done";
  readonly hasContent: boolean;
  /** Ends of choices, kept back while there is no content: it may turn out to be an empty answer. */
  readonly held: readonly StreamEvent[];
  /** The calls that began, as `choice:index`. */
  readonly calls: ReadonlySet<string>;
}

type Step = readonly [ReadState, readonly StreamEvent[]];

const NOTHING: readonly StreamEvent[] = [];

export const READ_START: ReadState = Object.freeze({
  phase: "waiting",
  hasContent: false,
  held: NOTHING,
  calls: new Set<string>(),
});

export function stepNative(state: ReadState, frame: Frame): Step {
  if (state.phase === "done") return [state, NOTHING];
  let body: unknown;
  try {
    body = JSON.parse(frame.data);
  } catch {
    return stop(state, badChunk());
  }
  if (!isRecord(body) || typeof body.type !== "string") return stop(state, badChunk());
  if (body.type === "fault") return stop(state, readFault(body) ?? badChunk());
  const event = readEvent(body.type, body);
  // A kind of event that a later version added.
  if (event === "unknown") return [state, NOTHING];
  if (event === null || !isAnnounced(event, state)) return stop(state, badChunk());
  if (event.type === "finish") return finish(state, event);
  if (event.type === "choice_end" && !state.hasContent) {
    return [{ ...state, phase: "open", held: [...state.held, event] }, NOTHING];
  }
  const next = after(state, event);
  return next.held === state.held ? [next, [event]] : [next, [...state.held, event]];
}

export function flushNative(state: ReadState): readonly StreamEvent[] {
  if (state.phase === "done") return NOTHING;
  return [{ type: "fault", fault: state.phase === "waiting" ? emptyAnswer() : streamCut() }];
}

export function readNativeAnswer(body: unknown): readonly StreamEvent[] {
  if (!isRecord(body)) return [{ type: "fault", fault: badAnswer() }];
  if (isRecord(body.error)) return [{ type: "fault", fault: readFault(body) ?? badAnswer() }];
  const start = readEvent("start", body);
  const outputs = readOutputs(body);
  if (start === null || start === "unknown" || outputs === null) {
    return [{ type: "fault", fault: badAnswer() }];
  }
  const usage = readUsage(body.usage);
  const reason = firstReason(body) ?? { unified: "stop" as const, raw: null };
  if (outputs.every(({ type }) => type === "choice_end") && !endsEmpty(reason)) {
    return [start, { type: "fault", fault: emptyAnswer(firstReason(body)) }];
  }
  const counted: readonly StreamEvent[] = usage === null ? [] : [{ type: "usage", usage }];
  return [start, ...outputs, ...counted, { type: "finish", reason, usage }];
}

function firstReason(body: JsonObject): FinishReason | null {
  const first = Array.isArray(body.output) ? body.output[0] : undefined;
  return isRecord(first) ? readReason(first.finish) : null;
}

function isAnnounced(event: StreamEvent, { calls }: ReadState): boolean {
  return event.type !== "tool_arguments" || calls.has(`${event.choice}:${event.index}`);
}

function after(state: ReadState, event: StreamEvent): ReadState {
  if (event.type === "tool_call") {
    const calls = new Set(state.calls).add(`${event.choice}:${event.index}`);
    return { phase: "open", hasContent: true, held: NOTHING, calls };
  }
  const silent = event.type === "start" || event.type === "usage" || event.type === "choice_end";
  if (state.hasContent || silent) return state.phase === "open" ? state : { ...state, phase: "open" };
  return { ...state, phase: "open", hasContent: true, held: NOTHING };
}

function finish(state: ReadState, event: Extract<StreamEvent, { type: "finish" }>): Step {
  if (!state.hasContent && !endsEmpty(event.reason)) return stop(state, emptyAnswer(event.reason));
  return [{ ...state, phase: "done" }, [...state.held, event]];
}

/** Whether an answer that ended so may hold nothing. */
function endsEmpty({ unified }: FinishReason): boolean {
  return unified === "length" || unified === "content_filter";
}

function stop(state: ReadState, why: Fault): Step {
  return [{ ...state, phase: "done" }, [{ type: "fault", fault: why }]];
}
