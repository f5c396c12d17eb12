/** A provider's stream of this wire as events: one frame at a time, then the end of the bytes. */
import type { FinishReason, StreamEvent } from "../../core/events.ts";
import type { Fault } from "../../core/faults.ts";
import { isRecord } from "../../core/json.ts";
import { readBedrockException } from "../bedrock-errors.ts";
import { unmodelled } from "../fields.ts";
import type { Frame } from "../frame.ts";
import { badChunk, emptyAnswer, streamCut } from "../provider-fault.ts";
import type { JsonObject } from "../wire.ts";
import { toExtra } from "./fields.ts";
import { endBlock, endBlocks, readDelta, startBlock } from "./read-block.ts";
import type { ReadState } from "./read-state.ts";
import { brokenStop, readStopReason } from "./stop-reason.ts";
import { readUsage } from "./usage.ts";

type Step = readonly [ReadState, readonly StreamEvent[]];

const NOTHING: readonly StreamEvent[] = [];
/** `p` pads a frame to a random length. */
const STOP_FIELDS: ReadonlySet<string> = new Set(["stopReason", "p"]);
const METADATA_FIELDS: ReadonlySet<string> = new Set(["usage", "p"]);
const EVENTS: ReadonlySet<string> = new Set([
  "messageStart",
  "contentBlockStart",
  "contentBlockDelta",
  "contentBlockStop",
  "messageStop",
  "metadata",
]);

export function stepConverse(state: ReadState, frame: Frame): Step {
  if (state.phase === "done") return [state, NOTHING];
  if (frame.exception) return stop(state, [], readBedrockException(frame));
  const name = frame.event;
  if (name === undefined || !EVENTS.has(name)) return [state, NOTHING];
  let body: unknown;
  try {
    body = JSON.parse(frame.data);
  } catch {
    return stop(state, [], badChunk());
  }
  if (!isRecord(body)) return stop(state, [], badChunk());
  const events: StreamEvent[] = [];
  const next = readEvent(name, body, open(state, events), events);
  return next === null ? stop(state, events, badChunk()) : closeWhenComplete(next, events);
}

/** The bytes ended. The usage comes after the end of the message: without it the answer is complete all the same. */
export function flushConverse(state: ReadState): readonly StreamEvent[] {
  if (state.phase === "done") return NOTHING;
  if (state.reason !== null) return closing(state, state.reason);
  return [{ type: "fault", fault: state.phase === "waiting" ? emptyAnswer() : streamCut() }];
}

/** Null when the frame is not what the wire promises. */
function readEvent(
  name: string,
  body: JsonObject,
  state: ReadState,
  events: StreamEvent[],
): ReadState | null {
  if (name === "metadata") return readMetadata(state, body, events);
  // After the end of the message nothing but metadata comes.
  if (state.reason !== null) return state;
  switch (name) {
    case "contentBlockStart":
      return startBlock(state, body, events);
    case "contentBlockDelta":
      return readDelta(state, body, events);
    case "contentBlockStop":
      return endBlock(state, body, events);
    case "messageStop":
      return endMessage(endBlocks(state, events), body, events);
    default:
      return state;
  }
}

function open(state: ReadState, events: StreamEvent[]): ReadState {
  if (state.phase !== "waiting") return state;
  events.push({ type: "start" });
  return { ...state, phase: "open" };
}

/** `source` is a `messageStop` or a whole answer. */
export function endMessage(state: ReadState, source: JsonObject, events: StreamEvent[]): ReadState {
  const reason = readStopReason(source, state.calls > 0);
  const extra = unmodelled(source, STOP_FIELDS, null);
  if (tellsEnd(state, reason)) {
    events.push({ type: "choice_end", choice: 0, reason, ...(extra && { extra: toExtra(extra) }) });
  }
  return { ...state, reason };
}

/** The end of an answer without content is an end only where there is a reason for having none. */
function tellsEnd(state: ReadState, reason: FinishReason): boolean {
  if (brokenStop(reason) !== null) return false;
  return state.hasContent || reason.unified === "length" || reason.unified === "content_filter";
}

/** `source` is a `metadata` event or those fields of a whole answer that such an event would have. */
export function readMetadata(state: ReadState, source: JsonObject, events: StreamEvent[]): ReadState {
  const usage = readUsage(source.usage);
  if (usage === null) return state;
  const extra = unmodelled(source, METADATA_FIELDS, null);
  events.push({ type: "usage", usage, ...(extra && { extra: toExtra(extra) }) });
  return { ...state, usage };
}

/** Metadata is the last that comes: with it and the message's end the answer is complete. */
function closeWhenComplete(state: ReadState, events: StreamEvent[]): Step {
  if (state.reason === null || state.usage === null) return [state, events];
  events.push(...closing(state, state.reason));
  return [{ ...state, phase: "done" }, events];
}

/** The terminal event of an answer whose end was told. */
export function closing(state: ReadState, reason: FinishReason): readonly StreamEvent[] {
  if (!tellsEnd(state, reason)) return [{ type: "fault", fault: brokenStop(reason) ?? emptyAnswer(reason) }];
  return [{ type: "finish", reason, usage: state.usage }];
}

function stop(state: ReadState, events: readonly StreamEvent[], why: Fault): Step {
  return [{ ...state, phase: "done" }, [...events, { type: "fault", fault: why }]];
}
