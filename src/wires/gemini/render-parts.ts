/** Parts of an answer of this wire, as JSON. Owns what each event says as a part, and what a call must wait for. */
import type { StreamEvent } from "../../core/events.ts";
import type { JsonObject } from "../wire.ts";
import { fromExtra, toArguments } from "./fields.ts";
import { ownSignature } from "./signature.ts";

/** A call goes out whole: it is gathered until its candidate says something else. */
export interface CallDraft {
  readonly index: number;
  readonly id: string;
  readonly name: string;
  readonly signature: string | null;
  readonly fields: JsonObject | null;
  readonly text: string;
}

type TextEvent = Extract<StreamEvent, { type: "text" | "refusal" }>;
type ReasoningEvent = Extract<StreamEvent, { type: "reasoning" }>;
type CallEvent = Extract<StreamEvent, { type: "tool_call" }>;

/** The wire has no refusals of its own: their words are the answer. */
export function textPart(event: TextEvent, signature: string | null): JsonObject {
  const fields = event.type === "text" ? fromExtra(event.extra, "part") : null;
  return { ...fields, text: event.text, ...signed(signature) };
}

export function thoughtPart(event: ReasoningEvent): JsonObject {
  return { text: event.text, thought: true, ...signed(ownSignature(event.signature)) };
}

export function signaturePart(signature: string): JsonObject {
  return { text: "", thoughtSignature: signature };
}

export function newCall(event: CallEvent, signature: string | null): CallDraft {
  const { index, id, name } = event;
  return { index, id, name, signature, fields: fromExtra(event.extra, "part"), text: "" };
}

export function callPart({ fields, id, name, text, signature }: CallDraft): JsonObject {
  return { ...fields, functionCall: { id, name, args: toArguments(text) }, ...signed(signature) };
}

export function opaquePart(event: Extract<StreamEvent, { type: "opaque" }>): JsonObject | null {
  return fromExtra(event.extra, "part");
}

function signed(signature: string | null): JsonObject {
  return signature === null ? {} : { thoughtSignature: signature };
}
