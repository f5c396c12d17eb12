/** The frames of this wire's stream. Owns their names, fields and numbering; when each is due is not its job. */
import type { Fault } from "../../core/faults.ts";
import { isRecord } from "../../core/json.ts";
import type { Frame } from "../frame.ts";
import { faultBody } from "../openai-chat/render-fault.ts";
import type { JsonObject } from "../wire.ts";
import {
  type CallDraft,
  listScores,
  newPart,
  type OpenItem,
  type PartDraft,
  partIndex,
  renderCall,
  renderPart,
} from "./render-items.ts";

/** Frames under way. `sequence` is the number of the next one. */
export interface FrameSink {
  readonly frames: Frame[];
  sequence: number;
}

function emit(sink: FrameSink, type: string, members: string): void {
  const data = `{"type":"${type}","sequence_number":${sink.sequence},${members}}`;
  sink.frames.push({ event: type, data });
  sink.sequence++;
}

/** `response.created`, `response.completed` and their like; `response` is JSON text. */
export function lifecycle(sink: FrameSink, type: string, response: string): void {
  emit(sink, type, `"response":${response}`);
}

/**
 * What makes official clients raise: only a frame whose SSE event is `error` does, and in Python only where
 * `error` is an object in it; `response.failed` passes as an event like any other. The flat fields are those
 * of the published schema.
 */
export function errorEvent(sink: FrameSink, fault: Fault, requestId: string): void {
  const body = faultBody(fault, requestId);
  const flat = isRecord(body.error) ? body.error : {};
  const { code, message, param } = flat;
  emit(sink, "error", JSON.stringify({ code, message, param, ...body }).slice(1, -1));
}

export function itemAdded(sink: FrameSink | null, index: number, item: JsonObject): void {
  if (sink === null) return;
  emit(sink, "response.output_item.added", `"output_index":${index},"item":${JSON.stringify(item)}`);
}

export function itemDone(sink: FrameSink | null, index: number, item: JsonObject): void {
  if (sink === null) return;
  emit(sink, "response.output_item.done", `"output_index":${index},"item":${JSON.stringify(item)}`);
}

/** `part` is the item's, which is not yet among its finished ones. */
export function partAdded(sink: FrameSink | null, item: OpenItem, part: PartDraft): void {
  if (sink === null) return;
  const empty = JSON.stringify(renderPart(newPart(part.type)));
  emit(sink, `response.${partName(part)}.added`, `${placeOf(item, part)},"part":${empty}`);
}

const DELTAS = {
  output_text: "response.output_text.delta",
  refusal: "response.refusal.delta",
  summary_text: "response.reasoning_summary_text.delta",
  reasoning_text: "response.reasoning_text.delta",
} as const;

/** `fields` and `logprobs` are there for output text alone. */
export function partDelta(
  sink: FrameSink | null,
  item: OpenItem,
  part: PartDraft,
  text: string,
  logprobs: readonly unknown[],
  fields: JsonObject | null,
): void {
  if (sink === null) return;
  let members = `${placeOf(item, part)},"delta":${JSON.stringify(text)}`;
  if (part.type === "output_text") {
    members += logprobs.length === 0 ? ',"logprobs":[]' : `,"logprobs":${JSON.stringify(logprobs)}`;
    const own = fields === null ? "" : JSON.stringify(fields).slice(1, -1);
    if (own !== "") members += `,${own}`;
  }
  emit(sink, DELTAS[part.type], members);
}

export function annotationAdded(
  sink: FrameSink | null,
  item: OpenItem,
  part: PartDraft,
  index: number,
): void {
  if (sink === null) return;
  const annotation = JSON.stringify(part.annotations[index]);
  const members = `${placeOf(item, part)},"annotation_index":${index},"annotation":${annotation}`;
  emit(sink, "response.output_text.annotation.added", members);
}

/** The whole text of a part, then the part. */
export function partDone(sink: FrameSink | null, item: OpenItem, part: PartDraft): void {
  if (sink === null) return;
  const place = placeOf(item, part);
  const text = JSON.stringify(part.text);
  switch (part.type) {
    case "output_text": {
      const members = `${place},"text":${text},"logprobs":${JSON.stringify(listScores(part.logprobs))}`;
      emit(sink, "response.output_text.done", members);
      break;
    }
    case "refusal":
      emit(sink, "response.refusal.done", `${place},"refusal":${text}`);
      break;
    case "summary_text":
      emit(sink, "response.reasoning_summary_text.done", `${place},"text":${text}`);
      break;
    case "reasoning_text":
      emit(sink, "response.reasoning_text.done", `${place},"text":${text}`);
      break;
  }
  emit(sink, `response.${partName(part)}.done`, `${place},"part":${JSON.stringify(renderPart(part))}`);
}

function partName({ type }: PartDraft): string {
  return type === "summary_text" ? "reasoning_summary_part" : "content_part";
}

export function callAdded(sink: FrameSink | null, call: CallDraft): void {
  if (sink !== null) itemAdded(sink, call.index, renderCall(call, "in_progress"));
}

export function argumentsDelta(sink: FrameSink | null, call: CallDraft, text: string): void {
  if (sink === null) return;
  const members = `"item_id":${JSON.stringify(call.id)},"output_index":${call.index},"delta":${JSON.stringify(text)}`;
  emit(sink, "response.function_call_arguments.delta", members);
}

export function argumentsDone(sink: FrameSink | null, { id, index, name, text }: CallDraft): void {
  if (sink === null) return;
  const place = `"item_id":${JSON.stringify(id)},"output_index":${index}`;
  const members = `${place},"name":${JSON.stringify(name)},"arguments":${JSON.stringify(text)}`;
  emit(sink, "response.function_call_arguments.done", members);
}

function placeOf(item: OpenItem, part: PartDraft): string {
  const which = part.type === "summary_text" ? "summary_index" : "content_index";
  const id = JSON.stringify(item.id);
  return `"item_id":${id},"output_index":${item.index},"${which}":${partIndex(item, part.type)}`;
}
