/** The frames that carry pieces of an item's content. Owns which item and part a piece belongs to. */
import type { StreamEvent } from "../../core/events.ts";
import { isRecord } from "../../core/json.ts";
import { unmodelled } from "../fields.ts";
import type { JsonObject } from "../wire.ts";
import { toExtra } from "./fields.ts";
import {
  beginItem,
  logprobsOf,
  tellAnnotation,
  tellArguments,
  tellPart,
  tellText,
  tellThought,
} from "./read-item.ts";
import { type ItemState, type ReadState, replaceItem, withItem } from "./read-state.ts";

const DELTA_FIELDS: ReadonlySet<string> = new Set([
  "type",
  "sequence_number",
  "item_id",
  "output_index",
  "content_index",
  "delta",
  "logprobs",
]);

/** The state after the frame, its events appended; null: not what the wire promises. */
type Read = (state: ReadState, chunk: JsonObject, events: StreamEvent[]) => ReadState | null;
type Tell = (item: ItemState, chunk: JsonObject, events: StreamEvent[]) => ItemState | null;

/** `tell` on the item that the frame names. An item that was not announced begins with its content. */
function onItem(kind: "message" | "reasoning" | "function_call", tell: Tell): Read {
  return (state, chunk, events) => {
    const known = itemOf(state.items, chunk);
    if (known !== undefined) {
      if (known.kind !== kind) return null;
      const after = tell(known, chunk, events);
      return after === null ? null : replaceItem(state, known, after);
    }
    // A call has no name yet: it is told whole when it is done.
    if (kind === "function_call") return state;
    const index = typeof chunk.output_index === "number" ? chunk.output_index : state.items.length;
    const begun = beginItem({ type: kind, id: chunk.item_id }, index, state.calls, events);
    const opened = begun === null ? null : withItem(state, begun);
    if (begun === null || opened === null) return null;
    const after = tell(begun, chunk, events);
    return after === null ? null : replaceItem(opened, begun, after);
  };
}

function itemOf(items: readonly ItemState[], chunk: JsonObject): ItemState | undefined {
  if (typeof chunk.output_index === "number") {
    return items.findLast((item) => item.index === chunk.output_index);
  }
  return typeof chunk.item_id === "string" ? items.findLast((item) => item.id === chunk.item_id) : undefined;
}

/** `told`: whether the piece is the whole text, to be told where no piece of it came before. */
function text(type: "text" | "refusal", field: string, whole: boolean): Tell {
  return (item, chunk, events) => {
    const piece = chunk[field];
    if (typeof piece !== "string") return null;
    const part = partOf(chunk.content_index);
    if (whole && part <= item.told) return item;
    if (type === "refusal") return tellText(item, part, { type, choice: 0, text: piece }, events);
    const logprobs = logprobsOf(chunk.logprobs);
    const fields = whole ? null : unmodelled(chunk, DELTA_FIELDS, null);
    const event: StreamEvent = {
      type,
      choice: 0,
      text: piece,
      ...(logprobs && { logprobs }),
      ...(fields && { extra: toExtra({ delta: fields }) }),
    };
    return tellText(item, part, event, events);
  };
}

function thought(kind: "summary_text" | "reasoning_text", field: string, whole: boolean): Tell {
  return (item, chunk, events) => {
    const piece = chunk[field];
    if (typeof piece !== "string") return null;
    const part = partOf(kind === "summary_text" ? chunk.summary_index : chunk.content_index);
    if (whole && part <= (kind === "summary_text" ? item.told : item.toldThoughts)) return item;
    return tellThought(item, part, kind, piece, events);
  };
}

const argumentsDelta: Tell = (item, chunk, events) =>
  typeof chunk.delta === "string" ? tellArguments(item, chunk.delta, events) : null;

const argumentsDone: Tell = (item, chunk, events) => {
  if (item.told === 0) return item;
  return typeof chunk.arguments === "string" ? tellArguments(item, chunk.arguments, events) : null;
};

const annotationAdded: Tell = (item, chunk, events) => {
  if (!isRecord(chunk.annotation)) return item;
  // Already told with the finished part.
  if (partOf(chunk.annotation_index) < item.annotations) return item;
  return tellAnnotation(item, chunk.annotation, events);
};

const partDone: Read = (state, chunk, events) => {
  const item = itemOf(state.items, chunk);
  if (item?.kind !== "message" || !isRecord(chunk.part)) return state;
  return replaceItem(state, item, tellPart(item, partOf(chunk.content_index), chunk.part, events));
};

function partOf(index: unknown): number {
  return typeof index === "number" && index >= 0 ? index : 0;
}

export const DELTAS: ReadonlyMap<string, Read> = new Map([
  ["response.output_text.delta", onItem("message", text("text", "delta", false))],
  ["response.output_text.done", onItem("message", text("text", "text", true))],
  ["response.output_text.annotation.added", onItem("message", annotationAdded)],
  ["response.refusal.delta", onItem("message", text("refusal", "delta", false))],
  ["response.refusal.done", onItem("message", text("refusal", "refusal", true))],
  ["response.content_part.done", partDone],
  ["response.reasoning_summary_text.delta", onItem("reasoning", thought("summary_text", "delta", false))],
  ["response.reasoning_summary_text.done", onItem("reasoning", thought("summary_text", "text", true))],
  ["response.reasoning_text.delta", onItem("reasoning", thought("reasoning_text", "delta", false))],
  ["response.reasoning_text.done", onItem("reasoning", thought("reasoning_text", "text", true))],
  ["response.function_call_arguments.delta", onItem("function_call", argumentsDelta)],
  ["response.function_call_arguments.done", onItem("function_call", argumentsDone)],
]);
