/**
 * One output item: what is announced, told in pieces and told at its end. Owns the promise that nothing is
 * told twice, whichever of its frames a server sends: deltas, `done` events, or only the finished item.
 */
import type { StreamEvent } from "../../core/events.ts";
import { isRecord } from "../../core/json.ts";
import { unmodelled } from "../fields.ts";
import type { JsonObject } from "../wire.ts";
import { PART_SEPARATOR, readEncrypted, toExtra, withoutOwnId } from "./fields.ts";
import type { ItemState } from "./read-state.ts";

const MESSAGE_FIELDS: ReadonlySet<string> = new Set(["type", "role", "content", "status"]);
const REASONING_FIELDS: ReadonlySet<string> = new Set(["type", "summary", "content", "encrypted_content"]);
const CALL_FIELDS: ReadonlySet<string> = new Set(["type", "call_id", "name", "arguments", "status"]);

const NEW_ITEM = {
  call: -1,
  header: null,
  told: -1,
  partType: null,
  toldThoughts: -1,
  annotations: 0,
  done: false,
};

type Events = StreamEvent[];

/** An item that was added, or whose first sign is its content; a call is announced. Null: the wrong shape. */
export function beginItem(item: JsonObject, index: number, call: number, events: Events): ItemState | null {
  const id = textOf(item.id);
  const begun = { ...NEW_ITEM, index, id };
  switch (item.type) {
    case "message":
      return { ...begun, kind: "message", header: withoutOwnId(unmodelled(item, MESSAGE_FIELDS, null)) };
    case "reasoning":
      return { ...begun, kind: "reasoning", header: withoutOwnId(unmodelled(item, REASONING_FIELDS, null)) };
    case "function_call": {
      const name = textOf(item.name);
      const callId = textOf(item.call_id) || id;
      if (name === "" || callId === "") return null;
      const fields = withoutOwnId(unmodelled(item, CALL_FIELDS, null));
      const extra = fields === null ? null : toExtra({ item: fields });
      events.push({ type: "tool_call", choice: 0, index: call, id: callId, name, ...(extra && { extra }) });
      return { ...begun, kind: "function_call", call };
    }
    default:
      return typeof item.type === "string" ? { ...begun, kind: "other" } : null;
  }
}

/** More text of a message's part. */
export function tellText(
  item: ItemState,
  part: number,
  event: Extract<StreamEvent, { type: "text" | "refusal" }>,
  events: Events,
): ItemState {
  if (event.text === "") return item;
  const opened = tellHeader(item, events);
  const fresh = part > opened.told;
  if (fresh && opened.partType === event.type) {
    const type = event.type === "text" ? "output_text" : "refusal";
    events.push({ type: "opaque", choice: 0, extra: toExtra({ part: { type } }) });
  }
  events.push(event);
  return fresh ? { ...opened, told: part, partType: event.type, annotations: 0 } : opened;
}

/** More text of a summary's part, or of the reasoning itself. */
export function tellThought(
  item: ItemState,
  part: number,
  kind: "summary_text" | "reasoning_text",
  text: string,
  events: Events,
): ItemState {
  if (text === "") return item;
  const opened = tellHeader(item, events);
  const told = kind === "summary_text" ? opened.told : opened.toldThoughts;
  if (part <= told) {
    events.push({ type: "reasoning", choice: 0, text });
    return opened;
  }
  const follows = opened.told >= 0 || opened.toldThoughts >= 0;
  if (follows || kind === "reasoning_text") {
    events.push({ type: "opaque", choice: 0, extra: toExtra({ part: { type: kind } }) });
  }
  if (follows) events.push({ type: "reasoning", choice: 0, text: PART_SEPARATOR });
  events.push({ type: "reasoning", choice: 0, text });
  return kind === "summary_text" ? { ...opened, told: part } : { ...opened, toldThoughts: part };
}

export function tellArguments(item: ItemState, text: string, events: Events): ItemState {
  if (text === "") return item;
  events.push({ type: "tool_arguments", choice: 0, index: item.call, text });
  return item.told === 0 ? item : { ...item, told: 0 };
}

export function tellAnnotation(item: ItemState, annotation: JsonObject, events: Events): ItemState {
  events.push({ type: "opaque", choice: 0, extra: toExtra({ annotation }) });
  return { ...item, annotations: item.annotations + 1 };
}

/** A finished part of a message: what of it was not told before. */
export function tellPart(item: ItemState, index: number, part: JsonObject, events: Events): ItemState {
  const fresh = index > item.told;
  if (part.type === "refusal") {
    const text = textOf(part.refusal);
    return fresh ? tellText(item, index, { type: "refusal", choice: 0, text }, events) : item;
  }
  if (part.type !== "output_text") return item;
  const logprobs = logprobsOf(part.logprobs);
  const text = { type: "text", choice: 0, text: textOf(part.text), ...(logprobs && { logprobs }) } as const;
  let after = fresh ? tellText(item, index, text, events) : item;
  if (!Array.isArray(part.annotations) || after.told !== index) return after;
  for (const annotation of part.annotations.slice(after.annotations)) {
    if (isRecord(annotation)) after = tellAnnotation(after, annotation, events);
  }
  return after;
}

/** The finished item: what of it was not told before. Again for the same item it tells nothing. */
export function endItem(item: ItemState, body: JsonObject, events: Events): ItemState {
  if (item.done) return item;
  switch (item.kind) {
    case "message":
      return { ...endMessage(item, body, events), done: true };
    case "reasoning":
      return { ...endReasoning(item, body, events), done: true };
    case "function_call": {
      // A call without any argument text has the empty object as arguments.
      const rest = item.told === 0 ? "" : textOf(body.arguments) || "{}";
      return { ...tellArguments(item, rest, events), done: true };
    }
    case "other":
      events.push({ type: "opaque", choice: 0, extra: toExtra({ item: body }) });
      return { ...item, done: true };
  }
}

function endMessage(item: ItemState, body: JsonObject, events: Events): ItemState {
  let after = item;
  if (!Array.isArray(body.content)) return after;
  for (const [index, part] of body.content.entries()) {
    if (isRecord(part)) after = tellPart(after, index, part, events);
  }
  return after;
}

function endReasoning(item: ItemState, body: JsonObject, events: Events): ItemState {
  let after = item;
  for (const [index, text] of textsOf(body.summary).entries()) {
    if (index > after.told) after = tellThought(after, index, "summary_text", text, events);
  }
  for (const [index, text] of textsOf(body.content).entries()) {
    if (index > after.toldThoughts) after = tellThought(after, index, "reasoning_text", text, events);
  }
  const encrypted = textOf(body.encrypted_content);
  if (encrypted !== "") {
    after = tellHeader(after, events);
    events.push({ type: "reasoning", choice: 0, text: "", ...readEncrypted(encrypted) });
    return after;
  }
  // A bare item stands for thoughts that the provider keeps; who hands them back needs its id.
  if (after.header !== null) events.push({ type: "opaque", choice: 0, extra: toExtra({ item: body }) });
  return { ...after, header: null };
}

/** Log probabilities in the shape that the chat wire has too; null when there are none. */
export function logprobsOf(value: unknown): JsonObject | null {
  return Array.isArray(value) && value.length > 0 ? { content: value } : null;
}

function tellHeader(item: ItemState, events: Events): ItemState {
  if (item.header === null) return item;
  const opens = { ...item.header, type: item.kind };
  events.push({ type: "opaque", choice: 0, extra: toExtra({ opens }) });
  return { ...item, header: null };
}

function textsOf(parts: unknown): readonly string[] {
  if (!Array.isArray(parts)) return [];
  return parts.map((part) => (isRecord(part) ? textOf(part.text) : ""));
}

export function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
