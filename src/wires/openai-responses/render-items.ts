/** Output items of an answer, as they grow and as they are when finished. Owns their shapes; knows no frame. */
import type { JsonObject } from "../wire.ts";

export type PartType = "output_text" | "refusal" | "summary_text" | "reasoning_text";
export type ItemStatus = "in_progress" | "completed" | "incomplete";

/** Log probabilities in the order they came, linked backwards: a copy a token would cost the square of them. */
export interface Scores {
  readonly last: readonly unknown[];
  readonly before: Scores | null;
}

export interface PartDraft {
  readonly type: PartType;
  readonly text: string;
  readonly annotations: readonly JsonObject[];
  readonly logprobs: Scores | null;
}

/** A message, or reasoning: items whose content comes in parts, one after the other. */
export interface OpenItem {
  readonly type: "message" | "reasoning";
  /** Its place in the output. */
  readonly index: number;
  readonly id: string;
  readonly fields: JsonObject | null;
  /** Finished parts. */
  readonly parts: readonly PartDraft[];
  readonly part: PartDraft | null;
  readonly encrypted: string | null;
}

/** A call may be open beside others: a provider may fill several at once. */
export interface CallDraft {
  readonly index: number;
  /** Its index in the events. */
  readonly call: number;
  readonly id: string;
  readonly callId: string;
  readonly name: string;
  readonly fields: JsonObject | null;
  readonly text: string;
}

const NOTHING: readonly never[] = [];

export function newPart(type: PartType): PartDraft {
  return { type, text: "", annotations: NOTHING, logprobs: null };
}

/** Where `part` stands among the parts of its kind: reasoning counts its summary apart from its content. */
export function partIndex(item: OpenItem, type: PartType): number {
  if (item.type === "message") return item.parts.length;
  return item.parts.reduce((count, part) => (part.type === type ? count + 1 : count), 0);
}

export function renderPart({ type, text, annotations, logprobs }: PartDraft): JsonObject {
  if (type === "refusal") return { type, refusal: text };
  if (type === "output_text") return { type, annotations, logprobs: listScores(logprobs), text };
  return { type, text };
}

export function listScores(scores: Scores | null): readonly unknown[] {
  if (scores === null) return NOTHING;
  const pieces: (readonly unknown[])[] = [];
  for (let at: Scores | null = scores; at !== null; at = at.before) pieces.push(at.last);
  return pieces.reverse().flat();
}

export function renderItem(item: OpenItem, status: ItemStatus): JsonObject {
  const all = item.part === null ? item.parts : [...item.parts, item.part];
  if (item.type === "message") {
    const content = all.map(renderPart);
    return { ...item.fields, id: item.id, type: "message", status, role: "assistant", content };
  }
  const summary = all.filter((part) => part.type === "summary_text").map(renderPart);
  const content = all.filter((part) => part.type === "reasoning_text").map(renderPart);
  return {
    ...item.fields,
    id: item.id,
    type: "reasoning",
    // OpenAI itself states none.
    ...(item.fields?.status !== undefined && { status }),
    summary,
    ...(content.length > 0 && { content }),
    ...(item.encrypted !== null && { encrypted_content: item.encrypted }),
  };
}

export function renderCall(call: CallDraft, status: ItemStatus): JsonObject {
  const { fields, id, text, callId, name } = call;
  return { ...fields, id, type: "function_call", status, arguments: text, call_id: callId, name };
}
