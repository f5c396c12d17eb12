/** What reading a stream of this wire must remember between two frames. Owns the shapes; decides nothing. */
import type { JsonObject } from "../wire.ts";

/** An output item under way or over. */
export interface ItemState {
  /** The provider's `output_index`. */
  readonly index: number;
  readonly id: string;
  /** `other`: an item that the contract does not model, told as a whole when it is done. */
  readonly kind: "message" | "reasoning" | "function_call" | "other";
  /** A call's index in the events; -1 for other items. */
  readonly call: number;
  /** Unmodelled fields, held until the item's first content: a bare item must not pass for content. */
  readonly header: JsonObject | null;
  /** The last part of which content was told: of a message's or call's content, or of a summary. -1: none. */
  readonly told: number;
  /** What the message's part under way is. */
  readonly partType: "text" | "refusal" | null;
  /** As `told`, for the `content` of reasoning. */
  readonly toldThoughts: number;
  /** Annotations told of the part under way. */
  readonly annotations: number;
  readonly done: boolean;
}

/** Immutable: a frame that changes nothing hands the same object on. */
export interface ReadState {
  readonly phase: "waiting" | "open" | "done";
  /** Unmodelled response fields already told; they travel again only when they change. */
  readonly fields: JsonObject;
  readonly items: readonly ItemState[];
  /** How many calls were announced. */
  readonly calls: number;
  readonly hasContent: boolean;
}

export const READ_START: ReadState = Object.freeze({
  phase: "waiting",
  fields: {},
  items: [],
  calls: 0,
  hasContent: false,
});

/** Items beyond this are taken for a broken stream. */
const MAX_ITEMS = 512;

/** `state` with a new item; null beyond the bound. */
export function withItem(state: ReadState, item: ItemState): ReadState | null {
  if (state.items.length >= MAX_ITEMS) return null;
  const call = item.kind === "function_call";
  return {
    ...state,
    items: [...state.items, item],
    calls: call ? state.calls + 1 : state.calls,
    hasContent: state.hasContent || hasContent(item),
  };
}

/** `state` with `after` in the place of `before`; `state` itself where they are the same. */
export function replaceItem(state: ReadState, before: ItemState, after: ItemState): ReadState {
  if (after === before) return state;
  const items = state.items.map((item) => (item === before ? after : item));
  return { ...state, items, hasContent: state.hasContent || hasContent(after) };
}

function hasContent(item: ItemState): boolean {
  if (item.kind === "function_call") return true;
  return item.kind === "other" ? item.done : item.told >= 0 || item.toldThoughts >= 0;
}
