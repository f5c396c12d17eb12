/**
 * An answer as it grows: which items it has, which of them are open, what each of them holds. Owns the order in
 * which items and parts open and close; a stream's frames are emitted on the way, a whole answer has none.
 */
import type { FinishReason, Usage } from "../../core/events.ts";
import type { JsonObject, RenderContext } from "../wire.ts";
import { makeItemId } from "./fields.ts";
import type { FrameSink } from "./render-frames.ts";
import * as frames from "./render-frames.ts";
import {
  type CallDraft,
  type ItemStatus,
  newPart,
  type OpenItem,
  type PartType,
  renderCall,
  renderItem,
} from "./render-items.ts";
import { type ResponseDraft, responseId } from "./render-response.ts";

/** Immutable: every event makes a new one, in which all that it did not touch is shared. */
export interface RenderState extends ResponseDraft {
  readonly context: RenderContext;
  /** The number of the next frame. */
  readonly sequence: number;
  readonly begun: boolean;
  /** Finished items by their place in the output; null where one is still open. */
  readonly output: readonly (JsonObject | null)[];
  readonly open: OpenItem | null;
  readonly calls: readonly CallDraft[];
  /** The next piece of reasoning is the separator between two parts, which this wire tells by itself. */
  readonly swallow: boolean;
  readonly reason: FinishReason | null;
  readonly usage: Usage | null;
  readonly done: boolean;
}

export function newRenderState(context: RenderContext): RenderState {
  return {
    context,
    id: responseId(undefined, context),
    createdAt: context.createdAt,
    fields: null,
    sequence: 0,
    begun: false,
    output: [],
    open: null,
    calls: [],
    swallow: false,
    reason: null,
    usage: null,
    done: false,
  };
}

/** `state` with an item of `type` open: the one under way where it is of that type, else a new one. */
export function ensureOpen(state: RenderState, type: OpenItem["type"], sink: FrameSink | null): RenderState {
  return state.open?.type === type ? state : openItem(state, type, null, sink);
}

export function openItem(
  before: RenderState,
  type: OpenItem["type"],
  fields: JsonObject | null,
  sink: FrameSink | null,
): RenderState {
  const state = closeFinished(before, sink);
  const index = state.output.length;
  const id =
    typeof fields?.id === "string" && fields.id !== "" ? fields.id : makeItemId(type, state.id, index);
  const open: OpenItem = { type, index, id, fields, parts: [], part: null, encrypted: null };
  frames.itemAdded(sink, index, renderItem(open, "in_progress"));
  return { ...state, output: [...state.output, null], open };
}

/** The open item with a part of `type` under way. */
export function ensurePart(open: OpenItem, type: PartType, sink: FrameSink | null): OpenItem {
  if (open.part?.type === type) return open;
  const closed = closePart(open, sink);
  const part = newPart(type);
  frames.partAdded(sink, closed, part);
  return { ...closed, part };
}

export function closePart(open: OpenItem, sink: FrameSink | null): OpenItem {
  if (open.part === null) return open;
  frames.partDone(sink, open, open.part);
  return { ...open, parts: [...open.parts, open.part], part: null };
}

/** `state` without an open message or reasoning item. */
export function closeOpen(state: RenderState, status: ItemStatus, sink: FrameSink | null): RenderState {
  if (state.open === null) return state;
  const closed = closePart(state.open, sink);
  const item = renderItem(closed, status);
  frames.itemDone(sink, closed.index, item);
  return { ...state, output: state.output.with(closed.index, item), open: null };
}

/** `state` with no item open but calls whose arguments can still grow. */
export function closeFinished(before: RenderState, sink: FrameSink | null): RenderState {
  const state = closeOpen(before, "completed", sink);
  return closeCalls(state, state.calls.filter(isWhole), "completed", sink);
}

/** Every item is finished; the last message and the open calls are incomplete where the answer is. */
export function closeAll(before: RenderState, status: ItemStatus, sink: FrameSink | null): RenderState {
  const state = closeOpen(before, status, sink);
  return closeCalls(state, state.calls, status, sink);
}

function closeCalls(
  state: RenderState,
  finished: readonly CallDraft[],
  status: ItemStatus,
  sink: FrameSink | null,
): RenderState {
  if (finished.length === 0) return state;
  const output = [...state.output];
  for (const call of finished) {
    const item = renderCall(call, status);
    frames.argumentsDone(sink, call);
    frames.itemDone(sink, call.index, item);
    output[call.index] = item;
  }
  return { ...state, output, calls: state.calls.filter((call) => !finished.includes(call)) };
}

/** To the text of a whole object nothing can be added, so that its call need not wait for the answer's end. */
function isWhole({ text }: CallDraft): boolean {
  if (!text.startsWith("{")) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** The output as it stands: what is open is incomplete. */
export function outputSoFar(state: RenderState): readonly JsonObject[] {
  const output = [...state.output];
  if (state.open !== null) output[state.open.index] = renderItem(state.open, "incomplete");
  for (const call of state.calls) output[call.index] = renderCall(call, "incomplete");
  return output.filter((item) => item !== null);
}
