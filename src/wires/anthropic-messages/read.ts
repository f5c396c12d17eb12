/** A provider's stream of this wire as events: one frame at a time, then the end of the bytes. */
import type { StreamEvent } from "../../core/events.ts";
import type { Fault } from "../../core/faults.ts";
import { isRecord } from "../../core/json.ts";
import { unmodelled } from "../fields.ts";
import type { Frame } from "../frame.ts";
import { badChunk, emptyAnswer, malformedCall, streamCut } from "../provider-fault.ts";
import type { JsonObject } from "../wire.ts";
import { readStreamError } from "./errors.ts";
import { placed } from "./fields.ts";
import { explainsEmptiness, readFinish } from "./finish-reason.ts";
import { beginBlock, endBlock, readBlockDelta } from "./read-block.ts";
import type { ReadState } from "./read-state.ts";
import { mergeUsage, readUsage } from "./usage.ts";

const MESSAGE_FIELDS: ReadonlySet<string> = new Set([
  "id",
  "type",
  "role",
  "model",
  "content",
  "stop_reason",
  "stop_sequence",
  "usage",
]);
const DELTA_FIELDS: ReadonlySet<string> = new Set(["stop_reason", "stop_sequence"]);
const EVENT_FIELDS: ReadonlySet<string> = new Set(["type", "delta", "usage"]);
const NOTHING: readonly StreamEvent[] = [];
/** A block in which a server's text or thinking is taken to be when it never said that one began. */
const IMPLIED: Readonly<Record<string, JsonObject>> = {
  text_delta: { type: "text" },
  thinking_delta: { type: "thinking" },
};

type Step = readonly [ReadState, readonly StreamEvent[]];

export function stepMessages(state: ReadState, frame: Frame): Step {
  if (state.phase === "done" || frame.event === "ping" || frame.data === "") return [state, NOTHING];
  let chunk: unknown;
  try {
    chunk = JSON.parse(frame.data);
  } catch {
    return stop(state, [], badChunk());
  }
  if (!isRecord(chunk)) return stop(state, [], badChunk());
  switch (chunk.type) {
    case "content_block_delta":
      return stepDelta(state, chunk);
    case "content_block_start":
      return stepStart(state, chunk);
    case "content_block_stop":
      return stepStop(state, chunk);
    case "message_start":
      return stepMessageStart(state, chunk);
    case "message_delta":
      return stepMessageDelta(state, chunk);
    case "message_stop":
      return closeMessage(state, []);
    default:
      if (chunk.type === "error" || frame.event === "error" || isRecord(chunk.error)) {
        return stop(state, [], readStreamError(chunk));
      }
      // The API's versioning policy: new kinds of events may come, and are to be ignored.
      return [state, NOTHING];
  }
}

/** The bytes ended, with or without the wire's own end mark before. */
export function flushMessages(state: ReadState): readonly StreamEvent[] {
  switch (state.phase) {
    case "done":
      return NOTHING;
    case "waiting":
      return [{ type: "fault", fault: emptyAnswer() }];
    case "open":
      return [{ type: "fault", fault: streamCut() }];
    case "ended":
      return closeMessage(state, [])[1];
  }
}

function stepMessageStart(state: ReadState, chunk: JsonObject): Step {
  if (state.phase !== "waiting") return [state, NOTHING];
  if (!isRecord(chunk.message)) return stop(state, [], badChunk());
  const events: StreamEvent[] = [startOf(chunk.message)];
  return [countUsage({ ...state, phase: "open" }, chunk.message.usage, events), events];
}

/** The beginning of an answer, with the message's unmodelled fields but those in `told`. */
export function startOf(message: JsonObject, told: JsonObject | null = null): StreamEvent {
  const extra = placed({ message: unmodelled(message, MESSAGE_FIELDS, told) });
  const id = typeof message.id === "string" && message.id !== "" ? message.id : undefined;
  return { type: "start", ...(id !== undefined && { id }), ...(extra && { extra }) };
}

function opened(state: ReadState, events: StreamEvent[]): ReadState {
  if (state.phase !== "waiting") return state;
  events.push({ type: "start" });
  return { ...state, phase: "open" };
}

function stepStart(state: ReadState, chunk: JsonObject): Step {
  const { index, content_block: block } = chunk;
  if (state.phase === "ended") return [state, NOTHING];
  if (!isIndex(index) || !isRecord(block)) return stop(state, [], badChunk());
  const events: StreamEvent[] = [];
  const before = endBlock(opened(state, events), events);
  const next = beginBlock(before, index, block, events);
  return next === null ? stop(before, events, badChunk()) : [next, events];
}

function stepDelta(state: ReadState, chunk: JsonObject): Step {
  const { index, delta } = chunk;
  if (state.phase === "ended") return [state, NOTHING];
  if (!isIndex(index) || !isRecord(delta)) return stop(state, [], badChunk());
  const events: StreamEvent[] = [];
  let before = opened(state, events);
  const implied = before.block === null && typeof delta.type === "string" ? IMPLIED[delta.type] : undefined;
  if (implied !== undefined) before = beginBlock(before, index, implied, events) ?? before;
  const next = readBlockDelta(before, index, delta, events);
  return next === null ? stop(before, events, badChunk()) : [next, events];
}

function stepStop(state: ReadState, chunk: JsonObject): Step {
  if (state.block === null || state.block.index !== chunk.index) return [state, NOTHING];
  const events: StreamEvent[] = [];
  return [endBlock(state, events), events];
}

function stepMessageDelta(state: ReadState, chunk: JsonObject): Step {
  const delta = isRecord(chunk.delta) ? chunk.delta : {};
  const events: StreamEvent[] = [];
  const counted = countUsage(opened(state, events), chunk.usage, events);
  if (typeof delta.stop_reason !== "string" || counted.phase === "ended") return [counted, events];
  const other = unmodelled(chunk, EVENT_FIELDS, null);
  return [endMessage(counted, delta, other, events), events];
}

/**
 * The message's reason is known: its last block and the choice end. `holder` has the reason and what belongs
 * to it; the end of a message without content is kept back, as it may turn out to be an empty answer.
 */
export function endMessage(
  state: ReadState,
  holder: JsonObject,
  beside: JsonObject | null,
  events: StreamEvent[],
): ReadState {
  const open = endBlock(state, events);
  const reason = readFinish(holder, open.calls.length > 0);
  const ended: ReadState = { ...open, phase: "ended", reason };
  if (!(ended.hasContent || explainsEmptiness(reason))) return ended;
  const extra = placed({ delta: unmodelled(holder, DELTA_FIELDS, null), event: beside });
  events.push({ type: "choice_end", choice: 0, reason, ...(extra && { extra }) });
  return ended;
}

/** The terminal event. A message without a reason is complete where the provider itself closed it. */
export function closeMessage(state: ReadState, events: StreamEvent[]): Step {
  // A call that was not ended, in a message that was for no reason, is half a call.
  if (state.phase !== "ended" && state.block?.kind === "tool") return stop(state, events, malformedCall());
  const ended = state.phase === "ended" ? state : endMessage(state, {}, null, events);
  const { reason, usage, hasContent } = ended;
  if (reason === null || !(hasContent || explainsEmptiness(reason))) {
    return stop(ended, events, emptyAnswer(reason));
  }
  events.push({ type: "finish", reason, usage });
  return [{ ...ended, phase: "done" }, events];
}

/** Running totals from a usage block, where `raw` is one. */
export function countUsage(state: ReadState, raw: unknown, events: StreamEvent[]): ReadState {
  if (!isRecord(raw)) return state;
  const rawUsage = mergeUsage(state.rawUsage, raw);
  const usage = readUsage(rawUsage);
  if (usage === null) return state;
  events.push({ type: "usage", usage });
  return { ...state, rawUsage, usage };
}

function stop(state: ReadState, events: readonly StreamEvent[], why: Fault): Step {
  return [{ ...state, phase: "done" }, [...events, { type: "fault", fault: why }]];
}

function isIndex(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0;
}
