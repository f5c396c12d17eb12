/** One content block, from its beginning over its deltas to its end. Owns which events each kind becomes. */
import type { StreamEvent } from "../../core/events.ts";
import { isRecord } from "../../core/json.ts";
import { unmodelled } from "../fields.ts";
import type { JsonObject } from "../wire.ts";
import { placed, WIRE_ID } from "./fields.ts";
import type { BlockState, CallState, ReadState } from "./read-state.ts";

const TEXT_FIELDS: ReadonlySet<string> = new Set(["type", "text"]);
const TOOL_FIELDS: ReadonlySet<string> = new Set(["type", "id", "name", "input"]);
const NO_FIELDS: JsonObject = Object.freeze({});
const NO_INPUT: JsonObject = Object.freeze({});

/** The state after a block began, events appended to `events`; null when the block has the wrong shape. */
export function beginBlock(
  state: ReadState,
  index: number,
  block: JsonObject,
  events: StreamEvent[],
): ReadState | null {
  switch (block.type) {
    case "text":
      return beginText(state, index, block, events);
    case "thinking":
      return beginThinking(state, index, block, events);
    case "redacted_thinking":
      if (typeof block.data !== "string") return null;
      events.push({ type: "reasoning", choice: 0, text: "", redacted: block.data });
      return told(state, { kind: "told", index }, false);
    case "tool_use":
      return beginTool(state, index, block, events);
    default:
      if (typeof block.type !== "string" || block.type === "") return null;
      return { ...state, block: { kind: "other", index, value: block, json: "" } };
  }
}

function beginText(
  state: ReadState,
  index: number,
  block: JsonObject,
  events: StreamEvent[],
): ReadState | null {
  const { text } = block;
  if (text !== undefined && typeof text !== "string") return null;
  const fields = unmodelled(block, TEXT_FIELDS, null);
  const opening = fields ?? (state.afterText ? NO_FIELDS : null);
  const begun: ReadState = { ...state, block: { kind: "text", index, opening } };
  return text === undefined || text === "" ? begun : tellText(begun, text, opening, index, events);
}

/** The text, with what its block began with where that is still to be told. */
function tellText(
  state: ReadState,
  text: string,
  opening: JsonObject | null,
  index: number,
  events: StreamEvent[],
): ReadState {
  const extra = placed({ block: opening });
  events.push(extra === null ? { type: "text", choice: 0, text } : { type: "text", choice: 0, text, extra });
  if (opening === null && state.hasContent && state.afterText) return state;
  return told(state, { kind: "text", index, opening: null }, true);
}

function beginThinking(
  state: ReadState,
  index: number,
  block: JsonObject,
  events: StreamEvent[],
): ReadState | null {
  const text = block.thinking ?? "";
  const signature = block.signature ?? "";
  if (typeof text !== "string" || typeof signature !== "string") return null;
  const began: BlockState = { kind: "thinking", index };
  if (text === "" && signature === "") return { ...state, block: began };
  if (text !== "") events.push({ type: "reasoning", choice: 0, text });
  if (signature !== "") events.push({ type: "reasoning", choice: 0, text: "", signature });
  return told(state, began, false);
}

function beginTool(
  state: ReadState,
  index: number,
  block: JsonObject,
  events: StreamEvent[],
): ReadState | null {
  const { id, name } = block;
  if (typeof id !== "string" || id === "" || typeof name !== "string" || name === "") return null;
  const call = state.calls.length;
  const extra = placed({ block: unmodelled(block, TOOL_FIELDS, null) });
  events.push({ type: "tool_call", choice: 0, index: call, id, name, ...(extra && { extra }) });
  const input = isRecord(block.input) ? block.input : NO_INPUT;
  const calls: readonly CallState[] = [...state.calls, { block: index, hasArguments: false, input }];
  return { ...told(state, { kind: "tool", index, call }, false), calls };
}

function told(state: ReadState, block: BlockState, isText: boolean): ReadState {
  return { ...state, block, afterText: isText, hasContent: true };
}

/** The state after one delta of the block at `index`; null when it does not fit that block. */
export function readBlockDelta(
  state: ReadState,
  index: number,
  delta: JsonObject,
  events: StreamEvent[],
): ReadState | null {
  const { block } = state;
  if (delta.type === "input_json_delta" && block?.kind !== "other") {
    return readArguments(state, index, delta.partial_json, events);
  }
  if (block === null || block.index !== index) return null;
  switch (block.kind) {
    case "text":
      return readTextDelta(state, block, delta, events);
    case "thinking":
      return readThinkingDelta(state, delta, events);
    case "other":
      return { ...state, block: gather(block, delta) };
    case "tool":
    case "told":
      return state;
  }
}

function readTextDelta(
  state: ReadState,
  block: Extract<BlockState, { kind: "text" }>,
  delta: JsonObject,
  events: StreamEvent[],
): ReadState | null {
  if (delta.type === "text_delta") {
    if (typeof delta.text !== "string") return null;
    return delta.text === "" ? state : tellText(state, delta.text, block.opening, block.index, events);
  }
  // A citation belongs to the text of its own block: before the first piece, an empty one begins the block.
  const begun =
    block.opening === null && state.afterText
      ? state
      : tellText(state, "", block.opening, block.index, events);
  events.push({ type: "opaque", choice: 0, extra: { wire: WIRE_ID, fields: delta } });
  return begun;
}

function readThinkingDelta(state: ReadState, delta: JsonObject, events: StreamEvent[]): ReadState | null {
  if (delta.type === "thinking_delta") {
    if (typeof delta.thinking !== "string") return null;
    if (delta.thinking === "") return state;
    events.push({ type: "reasoning", choice: 0, text: delta.thinking });
  } else if (delta.type === "signature_delta") {
    if (typeof delta.signature !== "string") return null;
    if (delta.signature === "") return state;
    events.push({ type: "reasoning", choice: 0, text: "", signature: delta.signature });
  } else return state;
  return state.hasContent && !state.afterText ? state : { ...state, hasContent: true, afterText: false };
}

function readArguments(
  state: ReadState,
  index: number,
  text: unknown,
  events: StreamEvent[],
): ReadState | null {
  if (typeof text !== "string") return null;
  const position = state.calls.findLastIndex((known) => known.block === index);
  const call = state.calls[position];
  if (call === undefined) return null;
  if (text === "") return state;
  events.push({ type: "tool_arguments", choice: 0, index: position, text });
  if (call.hasArguments) return state;
  return { ...state, calls: state.calls.with(position, { ...call, hasArguments: true }) };
}

/** Texts grow, citations gather, anything else is replaced: so every delta that a new type may bring is kept. */
function gather(block: Extract<BlockState, { kind: "other" }>, delta: JsonObject): BlockState {
  if (delta.type === "input_json_delta") {
    const more = typeof delta.partial_json === "string" ? delta.partial_json : "";
    return { ...block, json: block.json + more };
  }
  const value: Record<string, unknown> = { ...block.value };
  for (const key in delta) {
    if (key === "type" || key === "__proto__") continue;
    const [known, more] = [value[key], delta[key]];
    if (key === "citation")
      value.citations = Array.isArray(value.citations) ? [...value.citations, more] : [more];
    else value[key] = typeof known === "string" && typeof more === "string" ? known + more : more;
  }
  return { ...block, value };
}

/** The state after the open block ended: what was kept back of it is told. */
export function endBlock(state: ReadState, events: StreamEvent[]): ReadState {
  const { block } = state;
  if (block === null) return state;
  if (block.kind === "other") {
    events.push({ type: "opaque", choice: 0, extra: { wire: WIRE_ID, fields: wholeOf(block) } });
    return { ...state, block: null, hasContent: true, afterText: false };
  }
  if (block.kind !== "tool") return { ...state, block: null };
  const call = state.calls[block.call];
  if (call === undefined || call.hasArguments) return { ...state, block: null };
  events.push({ type: "tool_arguments", choice: 0, index: block.call, text: JSON.stringify(call.input) });
  const calls = state.calls.with(block.call, { ...call, hasArguments: true });
  return { ...state, block: null, calls };
}

function wholeOf(block: Extract<BlockState, { kind: "other" }>): JsonObject {
  if (block.json === "") return block.value;
  try {
    return { ...block.value, input: JSON.parse(block.json) };
  } catch {
    return { ...block.value, input: block.json };
  }
}
