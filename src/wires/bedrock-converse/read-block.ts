/** Content blocks as a provider streams them, in pieces. Owns which piece belongs to which block and event. */
import type { StreamEvent } from "../../core/events.ts";
import { isRecord } from "../../core/json.ts";
import type { JsonObject } from "../wire.ts";
import { opaqueExtra } from "./fields.ts";
import type { BlockState, ReadState } from "./read-state.ts";

/** More blocks beside text than this are taken for a broken stream. */
const MAX_BLOCKS = 256;

/** A block that says at once what it is: a tool call, or something the contract does not model. Null: no block. */
export function startBlock(state: ReadState, body: JsonObject, events: StreamEvent[]): ReadState | null {
  const { start } = body;
  if (start === undefined || start === null) return state;
  const key = keyOf(body);
  if (!isRecord(start) || key === null || state.blocks.length >= MAX_BLOCKS) return null;
  if (!isRecord(start.toolUse)) {
    // Other members say that text or thinking begins, or are not modelled.
    return isRecord(firstMember(start)) ? startOpaque(state, key, start, events) : state;
  }
  const { toolUseId: id, name, type } = start.toolUse;
  if (typeof type === "string") return startOpaque(state, key, start, events);
  if (typeof id !== "string" || id === "" || typeof name !== "string" || name === "") return null;
  const call = state.calls;
  events.push({ type: "tool_call", choice: 0, index: call, id, name });
  const blocks = [...state.blocks, { key, call, hasArguments: false }];
  return { ...state, blocks, calls: call + 1, hasContent: true };
}

/** Null when the delta is not what the wire promises. */
export function readDelta(state: ReadState, body: JsonObject, events: StreamEvent[]): ReadState | null {
  const { delta } = body;
  if (!isRecord(delta)) return null;
  if (delta.text !== undefined) {
    if (typeof delta.text !== "string") return null;
    if (delta.text === "") return state;
    events.push({ type: "text", choice: 0, text: delta.text });
    return withContent(state);
  }
  if (delta.toolUse !== undefined) return readArguments(state, keyOf(body), delta, events);
  if (isRecord(delta.reasoningContent)) {
    const event = reasoningEvent(delta.reasoningContent);
    if (event === null) return state;
    events.push(event);
    return withContent(state);
  }
  if (!isRecord(firstMember(delta)) && !Array.isArray(firstMember(delta))) return state;
  return tellOpaque(state, { type: "opaque", choice: 0, extra: opaqueExtra({ delta }) }, events);
}

export function endBlock(state: ReadState, body: JsonObject, events: StreamEvent[]): ReadState {
  const block = blockOf(state, keyOf(body));
  return block === undefined ? state : endCall(state, block, events);
}

/** Ends what the provider did not end by itself. */
export function endBlocks(state: ReadState, events: StreamEvent[]): ReadState {
  let next = state;
  for (const block of state.blocks) next = endCall(next, block, events);
  return next;
}

/** A call without any argument text has the empty object as arguments. */
function endCall(state: ReadState, block: BlockState, events: StreamEvent[]): ReadState {
  if (block.call === null || block.hasArguments) return state;
  events.push({ type: "tool_arguments", choice: 0, index: block.call, text: "{}" });
  return withArguments(state, block);
}

function readArguments(
  state: ReadState,
  key: number | null,
  delta: JsonObject,
  events: StreamEvent[],
): ReadState | null {
  const block = blockOf(state, key);
  const text = inputText(delta.toolUse);
  if (block === undefined || text === null) return null;
  if (block.call === null) {
    return tellOpaque(state, { type: "opaque", choice: 0, extra: opaqueExtra({ delta }) }, events);
  }
  if (text === "") return state;
  events.push({ type: "tool_arguments", choice: 0, index: block.call, text });
  return block.hasArguments ? state : withArguments(state, block);
}

/** Null for thinking without anything in it. */
function reasoningEvent(content: JsonObject): StreamEvent | null {
  const { text, signature, redactedContent } = content;
  if (typeof redactedContent === "string" && redactedContent !== "") {
    return { type: "reasoning", choice: 0, text: "", redacted: redactedContent };
  }
  if (typeof signature === "string" && signature !== "") {
    return { type: "reasoning", choice: 0, text: typeof text === "string" ? text : "", signature };
  }
  return typeof text === "string" && text !== "" ? { type: "reasoning", choice: 0, text } : null;
}

function startOpaque(state: ReadState, key: number, start: JsonObject, events: StreamEvent[]): ReadState {
  const blocks = [...state.blocks, { key, call: null, hasArguments: false }];
  return tellOpaque(
    { ...state, blocks },
    { type: "opaque", choice: 0, extra: opaqueExtra({ start }) },
    events,
  );
}

function tellOpaque(state: ReadState, event: StreamEvent, events: StreamEvent[]): ReadState {
  events.push(event);
  return withContent(state);
}

function withContent(state: ReadState): ReadState {
  return state.hasContent ? state : { ...state, hasContent: true };
}

function withArguments(state: ReadState, block: BlockState): ReadState {
  return {
    ...state,
    blocks: state.blocks.with(state.blocks.indexOf(block), { ...block, hasArguments: true }),
  };
}

/** The last of that index: some servers begin again at 0. */
function blockOf(state: ReadState, key: number | null): BlockState | undefined {
  return key === null ? undefined : state.blocks.findLast((block) => block.key === key);
}

function keyOf({ contentBlockIndex: key }: JsonObject): number | null {
  return typeof key === "number" && Number.isInteger(key) && key >= 0 ? key : null;
}

/** Arguments come as text in pieces; an object in their place is its JSON text. */
function inputText(toolUse: unknown): string | null {
  if (!isRecord(toolUse)) return null;
  const { input } = toolUse;
  if (typeof input === "string") return input;
  if (input === undefined || input === null) return "";
  return isRecord(input) ? JSON.stringify(input) : null;
}

function firstMember(union: JsonObject): unknown {
  for (const name in union) return union[name];
  return undefined;
}
