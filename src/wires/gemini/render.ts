/**
 * Events as the caller's stream of this wire, one at a time. Owns what a chunk looks like and what waits for the end.
 */
import type { StreamEvent, Usage } from "../../core/events.ts";
import type { Frame } from "../frame.ts";
import type { JsonObject, RenderContext } from "../wire.ts";
import { fromExtra, laterFields } from "./fields.ts";
import { renderFinish } from "./finish-reason.ts";
import { renderLogprobs } from "./logprobs.ts";
import { faultBody } from "./render-fault.ts";
import {
  type CallDraft,
  callPart,
  newCall,
  opaquePart,
  signaturePart,
  textPart,
  thoughtPart,
} from "./render-parts.ts";
import { ownSignature } from "./signature.ts";
import { renderUsage } from "./usage.ts";

/** What a candidate has begun to say and cannot yet go out. */
interface Pending {
  readonly index: number;
  readonly signature: string | null;
  readonly calls: readonly CallDraft[];
}

/** Immutable: most events hand the same object on. */
export interface RenderState {
  readonly context: RenderContext;
  readonly responseId: string;
  /** The fields that every chunk of this answer ends with, as JSON text from the comma on. */
  readonly tail: string;
  /** Unmodelled chunk fields and labels, until a chunk took them along. */
  readonly fields: JsonObject | null;
  readonly pending: readonly Pending[];
  /** Candidates that ended. They go out with the usage: a client takes the last of them for the end. */
  readonly ended: readonly JsonObject[];
  readonly usage: Usage | null;
  readonly done: boolean;
}

type Rendered = readonly [RenderState, readonly Frame[]];
type ChoiceEvent = Extract<StreamEvent, { choice: number }>;

const NO_FRAMES: readonly Frame[] = [];

export function renderGeminiStart(context: RenderContext): RenderState {
  const responseId = answerId(undefined, context);
  const tail = tailOf(responseId, context);
  const fields = labelsOf(context);
  return { context, responseId, tail, fields, pending: [], ended: [], usage: null, done: false };
}

/** The provider's id where it gave one, so that its own logs can be asked; else the request's. */
export function answerId(provided: string | undefined, context: RenderContext): string {
  return provided ?? context.requestId;
}

export function labelsOf({ labels }: RenderContext): JsonObject | null {
  return labels === undefined ? null : { pointsman: labels };
}

export function renderGeminiEvent(event: StreamEvent, state: RenderState): Rendered {
  if (state.done) return [state, NO_FRAMES];
  switch (event.type) {
    case "start": {
      const responseId = answerId(event.id, state.context);
      const tail = tailOf(responseId, state.context);
      const fields = laterFields(fromExtra(event.extra, "chunk"), state.fields);
      return [{ ...state, responseId, tail, fields }, NO_FRAMES];
    }
    case "usage": {
      const fields = laterFields(state.fields, fromExtra(event.extra, "chunk"));
      return [{ ...state, usage: event.usage, fields }, NO_FRAMES];
    }
    case "finish":
      return renderEnd(event.usage ?? state.usage, state);
    case "fault": {
      const data = JSON.stringify(faultBody(event.fault, state.context.requestId));
      return [{ ...state, done: true }, [{ data }]];
    }
    case "embedding":
      return [state, NO_FRAMES];
    default:
      return renderChoice(event, state);
  }
}

function renderChoice(event: ChoiceEvent, state: RenderState): Rendered {
  const before = pendingOf(event.choice, state);
  if (event.type === "text" && before === null && event.extra === undefined && event.logprobs === undefined) {
    return chunk(state, `{"text":${JSON.stringify(event.text)}}`, event.choice, "");
  }
  switch (event.type) {
    case "tool_call": {
      const call = newCall(event, before?.signature ?? null);
      return [hold(state, event.choice, null, [...(before?.calls ?? []), call]), NO_FRAMES];
    }
    case "tool_arguments": {
      const calls = (before?.calls ?? []).map((call) =>
        call.index === event.index ? { ...call, text: call.text + event.text } : call,
      );
      return [hold(state, event.choice, before?.signature ?? null, calls), NO_FRAMES];
    }
    case "reasoning":
      if (event.text === "") return holdSignature(event.signature, event.choice, before, state);
      return renderParts(thoughtPart(event), null, event.choice, before, state);
    case "choice_end":
      return [endCandidate(event, before, state), NO_FRAMES];
    case "opaque": {
      const part = opaquePart(event);
      return part === null ? [state, NO_FRAMES] : renderParts(part, null, event.choice, before, state);
    }
    case "refusal":
    case "text": {
      const part = textPart(event, before?.signature ?? null);
      const unsigned = before === null ? null : { ...before, signature: null };
      return renderParts(part, candidateFields(event), event.choice, unsigned, state);
    }
  }
}

function pendingOf(choice: number, { pending }: RenderState): Pending | null {
  if (pending.length === 0) return null;
  return pending.find((known) => known.index === choice) ?? null;
}

/** Unmodelled fields of a text's candidate, and its log probabilities where another wire's provider sent them. */
export function candidateFields(
  event: Extract<StreamEvent, { type: "text" | "refusal" }>,
): JsonObject | null {
  const own = event.type === "text" ? fromExtra(event.extra, "candidate") : null;
  if (event.logprobs === undefined || own?.logprobsResult !== undefined) return own;
  const logprobsResult = renderLogprobs(event.logprobs);
  return logprobsResult === null ? own : { ...own, logprobsResult };
}

/** A chunk of what was pending and of `part`. */
function renderParts(
  part: JsonObject,
  fields: JsonObject | null,
  choice: number,
  before: Pending | null,
  state: RenderState,
): Rendered {
  const parts = [...release(before), part].map((one) => JSON.stringify(one)).join(",");
  return chunk(hold(state, choice, null, []), parts, choice, membersOf(fields));
}

/** Everything pending as parts; a signature that nothing followed stands on an empty text. */
function release(pending: Pending | null): readonly JsonObject[] {
  if (pending === null) return [];
  const parts = pending.calls.map(callPart);
  return pending.signature === null ? parts : [...parts, signaturePart(pending.signature)];
}

function hold(
  state: RenderState,
  index: number,
  signature: string | null,
  calls: readonly CallDraft[],
): RenderState {
  const others = state.pending.filter((known) => known.index !== index);
  if (signature === null && calls.length === 0) {
    return others.length === state.pending.length ? state : { ...state, pending: others };
  }
  return { ...state, pending: [...others, { index, signature, calls }] };
}

/** It goes out with the part it signs, which comes next. */
function holdSignature(
  signature: string | undefined,
  choice: number,
  before: Pending | null,
  state: RenderState,
): Rendered {
  const own = ownSignature(signature);
  if (own === null) return [state, NO_FRAMES];
  const calls = before?.calls ?? [];
  if (before?.signature) {
    const parts = JSON.stringify(signaturePart(before.signature));
    return chunk(hold(state, choice, own, calls), parts, choice, "");
  }
  return [hold(state, choice, own, calls), NO_FRAMES];
}

function endCandidate(
  event: Extract<StreamEvent, { type: "choice_end" }>,
  before: Pending | null,
  state: RenderState,
): RenderState {
  const candidate: Record<string, unknown> = { ...fromExtra(event.extra, "candidate") };
  candidate.content = { parts: before === null ? [{ text: "" }] : release(before), role: "model" };
  candidate.finishReason = renderFinish(event.reason);
  candidate.index = event.choice;
  const others = state.ended.filter(({ index }) => index !== event.choice);
  return { ...hold(state, event.choice, null, []), ended: [...others, candidate] };
}

function renderEnd(usage: Usage | null, state: RenderState): Rendered {
  const { context, responseId, ended, fields } = state;
  const last: Record<string, unknown> = ended.length === 0 ? {} : { candidates: ended };
  Object.assign(last, fields, labelsOf(context));
  if (usage !== null) last.usageMetadata = renderUsage(usage);
  last.modelVersion = context.model;
  last.responseId = responseId;
  return [{ ...state, fields: null, done: true }, [{ data: JSON.stringify(last) }]];
}

function chunk(state: RenderState, parts: string, choice: number, members: string): Rendered {
  const own = membersOf(state.fields);
  const data = `{"candidates":[{"content":{"parts":[${parts}],"role":"model"},"index":${choice}${members}}]${own}${state.tail}`;
  return [state.fields === null ? state : { ...state, fields: null }, [{ data }]];
}

function tailOf(responseId: string, context: RenderContext): string {
  return `,${JSON.stringify({ modelVersion: context.model, responseId }).slice(1)}`;
}

/** As JSON members, each after a comma. */
function membersOf(fields: JsonObject | null): string {
  if (fields === null) return "";
  const json = JSON.stringify(fields);
  return json === "{}" ? "" : `,${json.slice(1, -1)}`;
}
