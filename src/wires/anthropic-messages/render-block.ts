/** The caller's content blocks, one after the other. Owns which block is open and the frames of its deltas. */
import type { StreamEvent } from "../../core/events.ts";
import type { Frame } from "../frame.ts";
import type { JsonObject } from "../wire.ts";
import { fromExtra } from "./fields.ts";
import type { RenderState } from "./render-state.ts";

type EventOf<Type extends StreamEvent["type"]> = Extract<StreamEvent, { type: Type }>;

/** Of the one choice that the wire has. An opaque event is one of this wire. */
export type ContentEvent = Exclude<Extract<StreamEvent, { choice: number }>, { type: "choice_end" }>;

/** The state after `event`, its frames appended to `frames`. */
export function renderBlock(event: ContentEvent, state: RenderState, frames: Frame[]): RenderState {
  switch (event.type) {
    case "text":
      return renderText(state, event.text, fromExtra(event.extra, "block"), frames);
    case "refusal": {
      const next = renderText(state, event.text, null, frames);
      return next.refused ? next : { ...next, refused: true };
    }
    case "reasoning":
      return renderReasoning(event, state, frames);
    case "tool_call":
      return renderCall(event, state, frames);
    case "tool_arguments": {
      const block = state.calls[event.index];
      if (block !== undefined && event.text !== "") {
        frames.push(delta(block, { type: "input_json_delta", partial_json: event.text }));
      }
      return state;
    }
    case "opaque":
      return renderOpaque(event.extra.fields, state, frames);
  }
}

/** `fields`: a block of its own begins with the text, and has these besides; null: the text goes on. */
function renderText(
  state: RenderState,
  text: string,
  fields: JsonObject | null,
  frames: Frame[],
): RenderState {
  let next = state;
  if (state.open !== "text" || fields !== null) {
    next = openBlock(state, "text", { ...fields, type: "text", text: "" }, frames);
    const head = `{"type":"content_block_delta","index":${next.block},"delta":{"type":"text_delta","text":`;
    next = { ...next, head };
  }
  if (text === "") return next;
  frames.push({ event: "content_block_delta", data: `${next.head}${JSON.stringify(text)}}}` });
  return next;
}

function renderReasoning(event: EventOf<"reasoning">, state: RenderState, frames: Frame[]): RenderState {
  if (event.redacted !== undefined) {
    const block = { type: "redacted_thinking", data: event.redacted };
    return closeBlock(openBlock(state, "nothing", block, frames), frames, true);
  }
  const next =
    state.open === "thinking"
      ? state
      : openBlock(state, "thinking", { type: "thinking", thinking: "", signature: "" }, frames);
  if (event.text !== "") frames.push(delta(next.block, { type: "thinking_delta", thinking: event.text }));
  if (event.signature === undefined) return next;
  frames.push(delta(next.block, { type: "signature_delta", signature: event.signature }));
  return closeBlock(next, frames);
}

function renderCall(event: EventOf<"tool_call">, state: RenderState, frames: Frame[]): RenderState {
  const { id, name } = event;
  const block = { ...fromExtra(event.extra, "block"), type: "tool_use", id, name, input: {} };
  const next = openBlock(state, "tool", block, frames);
  const calls = [...next.calls];
  calls[event.index] = next.block;
  return { ...next, calls };
}

/** A whole block of a type that the contract does not model, or a citation of the text that is open. */
function renderOpaque(fields: JsonObject, state: RenderState, frames: Frame[]): RenderState {
  if (fields.type === "citations_delta") {
    const next = state.open === "text" ? state : renderText(state, "", null, frames);
    frames.push(delta(next.block, fields));
    return next;
  }
  if (fields.input === undefined) {
    return closeBlock(openBlock(state, "nothing", fields, frames), frames, true);
  }
  const next = openBlock(state, "nothing", { ...fields, input: {} }, frames);
  const partial = typeof fields.input === "string" ? fields.input : JSON.stringify(fields.input);
  frames.push(delta(next.block, { type: "input_json_delta", partial_json: partial }));
  return closeBlock(next, frames, true);
}

function openBlock(
  state: RenderState,
  open: RenderState["open"],
  block: JsonObject,
  frames: Frame[],
): RenderState {
  const { block: last } = closeBlock(state, frames);
  const index = last + 1;
  frames.push(frame("content_block_start", { type: "content_block_start", index, content_block: block }));
  return { ...state, block: index, open };
}

/** `always`: also where no deltas are awaited, as the block was told whole. */
export function closeBlock(state: RenderState, frames: Frame[], always = false): RenderState {
  if (state.open === "nothing" && !always) return state;
  frames.push(frame("content_block_stop", { type: "content_block_stop", index: state.block }));
  return state.open === "nothing" ? state : { ...state, open: "nothing" };
}

function delta(index: number, body: JsonObject): Frame {
  return frame("content_block_delta", { type: "content_block_delta", index, delta: body });
}

export function frame(event: string, body: JsonObject): Frame {
  return { event, data: JSON.stringify(body) };
}
