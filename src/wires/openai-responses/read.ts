/** A provider's stream of this wire as events: one frame at a time, then the end of the bytes. */
import type { StreamEvent } from "../../core/events.ts";
import type { Fault } from "../../core/faults.ts";
import { isRecord } from "../../core/json.ts";
import { unmodelled } from "../fields.ts";
import type { Frame } from "../frame.ts";
import { readStreamError } from "../openai-chat/errors.ts";
import { badChunk, emptyAnswer, streamCut } from "../provider-fault.ts";
import type { JsonObject } from "../wire.ts";
import { readFailure } from "./errors.ts";
import { toExtra } from "./fields.ts";
import { DELTAS } from "./read-deltas.ts";
import { beginItem, endItem, textOf } from "./read-item.ts";
import { type ItemState, type ReadState, replaceItem, withItem } from "./read-state.ts";
import { readEnd } from "./status.ts";
import { readUsage } from "./usage.ts";

/** Fields of a response object that the contract models, or that are the caller's own to be echoed. */
const RESPONSE_FIELDS: ReadonlySet<string> = new Set([
  "id",
  "object",
  "created_at",
  "status",
  "model",
  "output",
  "output_text",
  "usage",
  "error",
  "incomplete_details",
  "instructions",
  "tools",
  "tool_choice",
  "metadata",
]);
const NOTHING: readonly StreamEvent[] = [];

type Step = readonly [ReadState, readonly StreamEvent[]];

export function stepResponses(state: ReadState, frame: Frame): Step {
  if (state.phase === "done") return [state, NOTHING];
  const { data } = frame;
  // Some servers close with the chat wire's end mark; what ends an answer here is its last event.
  if (data.length < 16 && (data.trim() === "" || data.trim() === "[DONE]")) return [state, NOTHING];
  let chunk: unknown;
  try {
    chunk = JSON.parse(data);
  } catch {
    return stop(state, [], badChunk());
  }
  if (!isRecord(chunk)) return stop(state, [], badChunk());
  if (isError(chunk, frame)) return stop(state, [], readStreamError(chunk));
  if (typeof chunk.type !== "string") return stop(state, [], badChunk());
  return readChunk(state, chunk.type, chunk);
}

/** The bytes ended: only a response that was completed, or said to be incomplete, is an answer. */
export function flushResponses(state: ReadState): readonly StreamEvent[] {
  if (state.phase === "done") return NOTHING;
  return [{ type: "fault", fault: state.phase === "waiting" ? emptyAnswer() : streamCut() }];
}

/** The documented error event is flat; the API sends the error as an object inside it. */
function isError(chunk: JsonObject, frame: Frame): boolean {
  return (
    chunk.type === "error" || frame.event === "error" || (chunk.error !== undefined && chunk.error !== null)
  );
}

function readChunk(state: ReadState, type: string, chunk: JsonObject): Step {
  const events: StreamEvent[] = [];
  switch (type) {
    case "response.created":
    case "response.queued":
    case "response.in_progress":
      if (!isRecord(chunk.response)) return stop(state, events, badChunk());
      return [begin(state, chunk.response, events), events];
    case "response.completed":
    case "response.incomplete":
      if (!isRecord(chunk.response)) return stop(state, events, badChunk());
      return finishResponse(state, chunk.response, events);
    case "response.failed":
    case "response.cancelled":
      return failResponse(state, isRecord(chunk.response) ? chunk.response : {}, events);
    case "response.output_item.added":
      return go(state, addItem(begin(state, {}, events), chunk, events), events);
    case "response.output_item.done":
      return go(state, closeItem(begin(state, {}, events), chunk, events), events);
  }
  const delta = DELTAS.get(type);
  if (delta === undefined) return [state, NOTHING];
  return go(state, delta(begin(state, {}, events), chunk, events), events);
}

function go(before: ReadState, after: ReadState | null, events: readonly StreamEvent[]): Step {
  return after === null ? stop(before, events, badChunk()) : [after, events];
}

/** The first frame starts the answer; later ones change nothing. */
function begin(state: ReadState, response: JsonObject, events: StreamEvent[]): ReadState {
  if (state.phase !== "waiting") return state;
  const fields = unmodelled(response, RESPONSE_FIELDS, null);
  events.push(startOf(response, fields));
  return { ...state, phase: "open", fields: fields ?? state.fields };
}

function startOf(response: JsonObject, fields: JsonObject | null): StreamEvent {
  const { id, created_at: created } = response;
  return {
    type: "start",
    ...(typeof id === "string" && id !== "" && { id }),
    ...(typeof created === "number" && created > 0 && { created }),
    ...(fields && { extra: toExtra({ response: fields }) }),
  };
}

function addItem(state: ReadState, chunk: JsonObject, events: StreamEvent[]): ReadState | null {
  const { item: body, output_index: position } = chunk;
  if (!isRecord(body)) return null;
  const index = typeof position === "number" ? position : state.items.length;
  // Some servers give every item the same index; only the same id makes it the same item.
  if (state.items.some((known) => known.index === index && known.id === textOf(body.id))) return state;
  const item = beginItem(body, index, state.calls, events);
  return item === null ? null : withItem(state, item);
}

function closeItem(state: ReadState, chunk: JsonObject, events: StreamEvent[]): ReadState | null {
  if (!isRecord(chunk.item)) return null;
  return finishItem(state, chunk.item, chunk.output_index, events);
}

/** Tells what is untold of a finished item, the whole of one that was never announced. */
function finishItem(
  state: ReadState,
  body: JsonObject,
  position: unknown,
  events: StreamEvent[],
): ReadState | null {
  const known = findItem(state.items, body.id, position);
  let after = state;
  let item = known;
  if (item === undefined) {
    const index = typeof position === "number" ? position : state.items.length;
    const begun = beginItem(body, index, state.calls, events);
    const next = begun === null ? null : withItem(state, begun);
    if (begun === null || next === null) return null;
    item = begun;
    after = next;
  }
  return replaceItem(after, item, endItem(item, body, events));
}

/** By id, which a server may change on the way, else by position. */
function findItem(items: readonly ItemState[], id: unknown, position: unknown): ItemState | undefined {
  return (
    items.find((item) => item.id !== "" && item.id === id) ??
    items.findLast((item) => item.index === position)
  );
}

/** The terminal event of a response that ended by itself. Its `output` is told as far as it was not. */
export function finishResponse(before: ReadState, response: JsonObject, events: StreamEvent[]): Step {
  if (response.status === "failed" || response.status === "cancelled") {
    return failResponse(before, response, events);
  }
  let state = begin(before, response, events);
  for (const [position, item] of (Array.isArray(response.output) ? response.output : []).entries()) {
    const next = isRecord(item) ? finishItem(state, item, position, events) : null;
    if (next === null) return stop(state, events, badChunk());
    state = next;
  }
  for (const item of state.items) {
    if (item.kind === "function_call") state = replaceItem(state, item, endItem(item, {}, events));
  }
  const reason = readEnd(response, state.calls > 0);
  const usage = readUsage(response.usage);
  if (!state.hasContent && reason.unified !== "length" && reason.unified !== "content_filter") {
    if (usage !== null) events.push({ type: "usage", usage });
    return stop(state, events, emptyAnswer(reason));
  }
  const fields = unmodelled(response, RESPONSE_FIELDS, state.fields);
  const extra = fields === null ? null : toExtra({ response: fields });
  events.push({ type: "choice_end", choice: 0, reason, ...(extra && { extra }) });
  if (usage !== null) events.push({ type: "usage", usage });
  events.push({ type: "finish", reason, usage });
  return [{ ...state, phase: "done" }, events];
}

/** What a failed response cost is told all the same. */
function failResponse(state: ReadState, response: JsonObject, events: StreamEvent[]): Step {
  const usage = readUsage(response.usage);
  if (usage !== null) events.push({ type: "usage", usage });
  return stop(state, events, readFailure(response));
}

function stop(state: ReadState, events: readonly StreamEvent[], why: Fault): Step {
  return [{ ...state, phase: "done" }, [...events, { type: "fault", fault: why }]];
}
