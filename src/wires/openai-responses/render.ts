/** Events as the caller's answer of this wire, streamed or whole. Owns what each event does to the answer. */
import type { FinishReason, StreamEvent } from "../../core/events.ts";
import type { Fault } from "../../core/faults.ts";
import type { Frame } from "../frame.ts";
import type { JsonObject, RenderContext } from "../wire.ts";
import { fromExtra, makeItemId, PART_SEPARATOR, renderEncrypted } from "./fields.ts";
import type { FrameSink } from "./render-frames.ts";
import * as frames from "./render-frames.ts";
import { type CallDraft, newPart, type PartType } from "./render-items.ts";
import { renderResponse, responseId } from "./render-response.ts";
import {
  closeAll,
  closeFinished,
  closeOpen,
  closePart,
  ensureOpen,
  ensurePart,
  newRenderState,
  openItem,
  outputSoFar,
  type RenderState,
} from "./render-state.ts";
import { NO_SCORES, scoresOf } from "./scores.ts";
import { renderEnd } from "./status.ts";

type Rendered = readonly [RenderState, readonly Frame[]];
type Of<Type extends StreamEvent["type"]> = Extract<StreamEvent, { type: Type }>;

const NO_FRAMES: readonly Frame[] = [];
const NO_REASON: FinishReason = { unified: "other", raw: null };
const PART_TYPES: ReadonlySet<unknown> = new Set<PartType>([
  "output_text",
  "refusal",
  "summary_text",
  "reasoning_text",
]);

export function renderResponsesEvent(event: StreamEvent, state: RenderState): Rendered {
  if (state.done || isOtherChoice(event)) return [state, NO_FRAMES];
  const sink: FrameSink = { frames: [], sequence: state.sequence };
  const begun = event.type === "usage" ? state : begin(state, event, sink);
  const after = apply(event, begun, sink);
  // Pieces of text, by far the most events, have numbered the state already.
  const numbered = after.sequence === sink.sequence ? after : { ...after, sequence: sink.sequence };
  return [numbered, sink.frames];
}

/** A whole response of everything that `events` say. */
export function renderResponsesAnswer(events: readonly StreamEvent[], context: RenderContext): JsonObject {
  let state = newRenderState(context);
  for (const event of events) {
    if (state.done || isOtherChoice(event)) continue;
    state = apply(event, event.type === "start" ? begin(state, event, null) : state, null);
  }
  const reason = state.reason ?? NO_REASON;
  return renderResponse(state, outputSoFar(state), { status: "ended", reason, usage: state.usage }, context);
}

/** This wire has no words for a second choice, and its callers cannot ask for one. */
function isOtherChoice(event: StreamEvent): boolean {
  return "choice" in event && event.choice !== 0;
}

/** The frames that come before all others, with the first event of whichever kind. */
function begin(before: RenderState, event: StreamEvent, sink: FrameSink | null): RenderState {
  if (before.begun) return before;
  let state: RenderState = { ...before, begun: true };
  if (event.type === "start") {
    const id = responseId(event.id, state.context);
    const createdAt = event.created ?? state.createdAt;
    state = { ...state, id, createdAt, fields: fromExtra(event.extra, "response") };
  }
  if (sink === null) return state;
  const response = JSON.stringify(renderResponse(state, [], { status: "in_progress" }, state.context));
  frames.lifecycle(sink, "response.created", response);
  frames.lifecycle(sink, "response.in_progress", response);
  return state;
}

function apply(event: StreamEvent, state: RenderState, sink: FrameSink | null): RenderState {
  switch (event.type) {
    case "start":
    case "embedding":
      return state;
    case "text":
      return onText(event, state, sink);
    case "refusal":
      return addText(ensureOpen(state, "message", sink), "refusal", event.text, sink);
    case "reasoning":
      return onReasoning(event, state, sink);
    case "tool_call":
      return onCall(event, state, sink);
    case "tool_arguments":
      return onArguments(event, state, sink);
    case "opaque":
      return onOpaque(event, state, sink);
    case "choice_end":
      return onEnd(event, state, sink);
    case "usage":
      return { ...state, usage: event.usage };
    case "finish":
      return onFinish(event, state, sink);
    case "fault":
      return onFault(event.fault, state, sink);
  }
}

function onText(event: Of<"text">, state: RenderState, sink: FrameSink | null): RenderState {
  const fields = fromExtra(event.extra, "delta");
  const opened = ensureOpen(state, "message", sink);
  return addText(opened, "output_text", event.text, sink, scoresOf(event.logprobs), fields);
}

/** More text of a part of the open item. */
function addText(
  state: RenderState,
  type: PartType,
  text: string,
  sink: FrameSink | null,
  logprobs: readonly unknown[] = NO_SCORES,
  fields: JsonObject | null = null,
): RenderState {
  if (state.open === null) return state;
  const open = ensurePart(state.open, type, sink);
  const before = open.part ?? newPart(type);
  frames.partDelta(sink, open, before, text, logprobs, fields);
  const scores = logprobs.length === 0 ? before.logprobs : { last: logprobs, before: before.logprobs };
  const part = { ...before, text: before.text + text, logprobs: scores };
  return { ...state, sequence: sink?.sequence ?? 0, open: { ...open, part } };
}

function onReasoning(event: Of<"reasoning">, before: RenderState, sink: FrameSink | null): RenderState {
  const { text } = event;
  if (before.swallow && text === PART_SEPARATOR) return { ...before, swallow: false };
  let state = ensureOpen(before, "reasoning", sink);
  if (text !== "") state = addText(state, state.open?.part?.type ?? "summary_text", text, sink);
  const encrypted = renderEncrypted(event.redacted, event.signature);
  if (encrypted === null || state.open === null) return state;
  return closeOpen({ ...state, open: { ...state.open, encrypted } }, "completed", sink);
}

function onCall(event: Of<"tool_call">, before: RenderState, sink: FrameSink | null): RenderState {
  const state = closeFinished(before, sink);
  const index = state.output.length;
  const fields = fromExtra(event.extra, "item");
  const id = typeof fields?.id === "string" ? fields.id : makeItemId("function_call", state.id, index);
  const call: CallDraft = {
    index,
    call: event.index,
    id,
    callId: event.id,
    name: event.name,
    fields,
    text: "",
  };
  frames.callAdded(sink, call);
  return { ...state, output: [...state.output, null], calls: [...state.calls, call] };
}

function onArguments(event: Of<"tool_arguments">, state: RenderState, sink: FrameSink | null): RenderState {
  const position = state.calls.findIndex((call) => call.call === event.index);
  const call = state.calls[position];
  if (call === undefined) return state;
  frames.argumentsDelta(sink, call, event.text);
  const calls = state.calls.with(position, { ...call, text: call.text + event.text });
  return { ...state, sequence: sink?.sequence ?? 0, calls };
}

/** What only this wire has: a whole item, the head of one, a part's beginning, an annotation. */
function onOpaque({ extra }: Of<"opaque">, state: RenderState, sink: FrameSink | null): RenderState {
  const item = fromExtra(extra, "item");
  if (item !== null) return addWhole(state, item, sink);
  const opens = fromExtra(extra, "opens");
  if (opens?.type === "message" || opens?.type === "reasoning") {
    return openItem(state, opens.type, opens, sink);
  }
  const type = fromExtra(extra, "part")?.type;
  if (isPartType(type)) return nextPart(state, type, sink);
  const annotation = fromExtra(extra, "annotation");
  return annotation === null ? state : addAnnotation(state, annotation, sink);
}

function isPartType(type: unknown): type is PartType {
  return PART_TYPES.has(type);
}

function addWhole(before: RenderState, item: JsonObject, sink: FrameSink | null): RenderState {
  const state = closeFinished(before, sink);
  frames.itemAdded(sink, state.output.length, item);
  frames.itemDone(sink, state.output.length, item);
  return { ...state, output: [...state.output, item] };
}

function nextPart(before: RenderState, type: PartType, sink: FrameSink | null): RenderState {
  const ofMessage = type === "output_text" || type === "refusal";
  const state = ensureOpen(before, ofMessage ? "message" : "reasoning", sink);
  if (state.open === null) return state;
  const closed = closePart(state.open, sink);
  return { ...state, open: ensurePart(closed, type, sink), swallow: !ofMessage && closed.parts.length > 0 };
}

function addAnnotation(state: RenderState, annotation: JsonObject, sink: FrameSink | null): RenderState {
  const { open } = state;
  if (open?.part?.type !== "output_text") return state;
  const part = { ...open.part, annotations: [...open.part.annotations, annotation] };
  frames.annotationAdded(sink, open, part, part.annotations.length - 1);
  return { ...state, open: { ...open, part } };
}

function onEnd(event: Of<"choice_end">, before: RenderState, sink: FrameSink | null): RenderState {
  const state = closeAll(before, renderEnd(event.reason).status, sink);
  const fields = fromExtra(event.extra, "response");
  const merged = fields === null ? state.fields : { ...state.fields, ...fields };
  return { ...state, reason: event.reason, fields: merged };
}

function onFinish(event: Of<"finish">, before: RenderState, sink: FrameSink | null): RenderState {
  const reason = before.reason ?? event.reason;
  const usage = event.usage ?? before.usage;
  const state = closeAll(before, renderEnd(reason).status, sink);
  if (sink !== null) {
    const response = renderResponse(
      state,
      outputSoFar(state),
      { status: "ended", reason, usage },
      state.context,
    );
    frames.lifecycle(sink, `response.${renderEnd(reason).status}`, JSON.stringify(response));
  }
  return { ...state, reason, usage, done: true };
}

/** What came so far stays open: nothing may look like a proper end. */
function onFault(fault: Fault, state: RenderState, sink: FrameSink | null): RenderState {
  if (sink !== null) {
    const failed = { status: "failed", fault, usage: state.usage } as const;
    const response = renderResponse(state, outputSoFar(state), failed, state.context);
    frames.lifecycle(sink, "response.failed", JSON.stringify(response));
    frames.errorEvent(sink, fault, state.context.requestId);
  }
  return { ...state, done: true };
}
