/** A provider's stream of this wire as events: one frame at a time, then the end of the bytes. */

import type { FinishReason, StreamEvent } from "../../core/events.ts";
import { type Fault, fault } from "../../core/faults.ts";
import { isRecord } from "../../core/json.ts";
import type { Writable } from "../../core/writable.ts";
import { unmodelled } from "../fields.ts";
import type { Frame } from "../frame.ts";
import { badChunk, emptyAnswer, malformedCall, streamCut } from "../provider-fault.ts";
import type { JsonObject } from "../wire.ts";
import { readStreamError } from "./errors.ts";
import { toExtra } from "./fields.ts";
import { areWhole } from "./read-calls.ts";
import { type ChoiceDefect, endChoice, readChoice, tellEnd } from "./read-choice.ts";
import { type ChoiceState, newChoice, type ReadState } from "./read-state.ts";
import { readUsage } from "./usage.ts";

/** More choices than a request may ask for are taken for a broken stream. */
const MAX_CHOICE_INDEX = 127;
export const CHUNK_FIELDS: ReadonlySet<string> = new Set([
  "id",
  "object",
  "created",
  "model",
  "choices",
  "usage",
]);
const NOTHING: readonly StreamEvent[] = [];

type Step = readonly [ReadState, readonly StreamEvent[]];

export function stepChat(state: ReadState, frame: Frame): Step {
  if (state.phase === "done" || frame.event === "ping") return [state, NOTHING];
  const data = frame.data;
  if (data.length < 16) {
    const word = data.trim();
    if (word === "") return [state, NOTHING];
    if (word === "[DONE]") return closeChat(state, true);
  }
  let chunk: unknown;
  try {
    chunk = JSON.parse(data);
  } catch {
    return stop(state, [], badChunk());
  }
  if (!isRecord(chunk)) return stop(state, [], badChunk());
  if (frame.event === "error" || (chunk.error !== undefined && chunk.error !== null)) {
    return stop(state, [], readStreamError(chunk));
  }
  return readChunk(state, chunk);
}

/** The bytes ended, with or without the wire's own end mark before. */
export function flushChat(state: ReadState): readonly StreamEvent[] {
  if (state.phase === "done") return NOTHING;
  return closeChat(state, false)[1];
}

export function start(body: JsonObject, fields: JsonObject | null): StreamEvent {
  const event: Writable<Extract<StreamEvent, { type: "start" }>> = { type: "start" };
  if (typeof body.id === "string" && body.id !== "") event.id = body.id;
  if (typeof body.created === "number" && body.created > 0) event.created = body.created;
  if (fields !== null) event.extra = toExtra({ chunk: fields });
  return event;
}

function readChunk(state: ReadState, chunk: JsonObject): Step {
  let usage = readUsage(chunk.usage);
  const choices = chunk.choices ?? (isRecord(chunk.usage) ? [] : undefined);
  if (!Array.isArray(choices)) {
    return chunk.type === "ping" ? [state, NOTHING] : stop(state, [], badChunk());
  }
  const events: StreamEvent[] = [];
  let fields = unmodelled(chunk, CHUNK_FIELDS, state.chunkFields);
  let next = state;
  if (state.phase === "waiting") {
    const known = fields === null ? state.chunkFields : { ...state.chunkFields, ...fields };
    // A prelude without id or choices, as Azure sends: its fields go with the chunk that starts the answer.
    if (choices.length === 0 && usage === null) return [{ ...state, chunkFields: known }, NOTHING];
    events.push(start(chunk, Object.keys(known).length === 0 ? null : known));
    next = open(state, chunk, known);
    fields = null;
  }
  for (const choice of choices) {
    const after = isRecord(choice) ? placeChoice(next, choice, fields, events) : "shape";
    if (typeof after === "string") return stop(next, events, defectFault(after));
    // Moonshot's last chunk has it in its choice.
    if (usage === null && isRecord(choice)) usage = readUsage(choice.usage);
    next = after;
    fields = null;
  }
  if (usage === null) return [next, events];
  events.push({ type: "usage", usage, ...(fields && { extra: toExtra({ chunk: fields }) }) });
  return [{ ...next, usage }, events];
}

function open(state: ReadState, chunk: JsonObject, chunkFields: JsonObject): ReadState {
  const answerId = typeof chunk.id === "string" ? chunk.id : "";
  return { ...state, phase: "open", answerId, chunkFields };
}

function placeChoice(
  state: ReadState,
  choice: JsonObject,
  fields: JsonObject | null,
  events: StreamEvent[],
): ReadState | ChoiceDefect {
  const index = choice.index ?? 0;
  if (typeof index !== "number" || !Number.isInteger(index) || index < 0 || index > MAX_CHOICE_INDEX) {
    return "shape";
  }
  const delta = choice.delta ?? choice.message;
  if (delta !== undefined && delta !== null && !isRecord(delta)) return "shape";
  const position = state.choices.findIndex((known) => known.index === index);
  const before = state.choices[position] ?? newChoice(index);
  const after = readChoice(before, choice, delta, fields, state.answerId, events);
  if (typeof after === "string") return after;
  if (position === -1) return { ...state, choices: [...state.choices, after] };
  return after === before ? state : { ...state, choices: state.choices.with(position, after) };
}

/**
 * The terminal event. A choice without a finish reason was cut, unless the provider sent its end mark; an
 * answer without any content is no answer.
 */
export function closeChat(state: ReadState, marked: boolean): Step {
  const events: StreamEvent[] = [];
  const ended: ChoiceState[] = [];
  if (!marked && state.phase === "open" && !isComplete(state)) return stop(state, events, streamCut());
  for (const choice of state.choices) {
    const after = choice.endTold ? choice : endChoice(choice, choice.reason?.raw ?? null, events);
    if (typeof after === "string") return stop(state, events, defectFault(after));
    ended.push(after);
  }
  ended.sort((a, b) => a.index - b.index);
  if (!ended.some((choice) => choice.hasContent || choice.endTold)) {
    return stop(state, events, emptyAnswer(state.choices[0]?.reason));
  }
  for (const choice of ended) if (!choice.endTold) tellEnd(choice, events);
  events.push({ type: "finish", reason: ended[0]?.reason ?? NO_REASON, usage: state.usage });
  return [{ ...state, phase: "done" }, events];
}

const NO_REASON: FinishReason = { unified: "other", raw: null };

function isComplete(state: ReadState): boolean {
  return state.choices.length > 0 && state.choices.every(isOver);
}

/** A reason that came in passing is none of a call that is cut, unless it says so. */
function isOver({ reason, inPassing, calls }: ChoiceState): boolean {
  return reason !== null && (!inPassing || reason.unified === "length" || areWhole(calls));
}

function stop(state: ReadState, events: readonly StreamEvent[], why: Fault): Step {
  return [{ ...state, phase: "done" }, [...events, { type: "fault", fault: why }]];
}

export function defectFault(defect: ChoiceDefect): Fault {
  if (defect === "shape") return badChunk();
  if (defect === "half") return malformedCall();
  return fault("outage", "provider_error", "The model's provider failed while it was answering.");
}
