/** Events as the caller's whole answer of this wire. Owns how pieces are joined into parts. */
import type { StreamEvent, Usage } from "../../core/events.ts";
import type { JsonObject, RenderContext } from "../wire.ts";
import { fromExtra, laterFields } from "./fields.ts";
import { renderFinish } from "./finish-reason.ts";
import { answerId, candidateFields, labelsOf } from "./render.ts";
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
import { renderTokenCount, renderUsage } from "./usage.ts";

/** A part under way: text that may go on, or a call whose arguments are still coming. */
type PartDraft =
  | { readonly kind: "text" | "thought"; readonly part: Record<string, unknown>; readonly closed: boolean }
  | { readonly kind: "other"; readonly part: JsonObject }
  | { readonly kind: "call"; call: CallDraft };

interface CandidateDraft {
  readonly parts: PartDraft[];
  signature: string | null;
  finishReason: string | null;
  fields: JsonObject | null;
}

interface AnswerDraft {
  id: string | undefined;
  fields: JsonObject | null;
  usage: Usage | null;
  readonly candidates: Map<number, CandidateDraft>;
}

/** A generateContent answer of everything that `events` say, or the count where that was asked for. */
export function renderGeminiAnswer(events: readonly StreamEvent[], context: RenderContext): JsonObject {
  const draft: AnswerDraft = { id: undefined, fields: null, usage: null, candidates: new Map() };
  for (const event of events) collect(event, draft);
  if (context.request?.operation === "count_tokens") {
    return { ...renderTokenCount(draft.usage), ...labelsOf(context) };
  }
  const candidates = [...draft.candidates].map(([index, candidate]) => renderCandidate(index, candidate));
  candidates.sort((a, b) => Number(a.index) - Number(b.index));
  const answer: Record<string, unknown> = { ...draft.fields, candidates };
  if (draft.usage !== null) answer.usageMetadata = renderUsage(draft.usage);
  answer.modelVersion = context.model;
  answer.responseId = answerId(draft.id, context);
  return { ...answer, ...labelsOf(context) };
}

function collect(event: StreamEvent, draft: AnswerDraft): void {
  switch (event.type) {
    case "start":
      draft.id = event.id;
      draft.fields = laterFields(draft.fields, fromExtra(event.extra, "chunk"));
      return;
    case "usage":
      draft.usage = event.usage;
      draft.fields = laterFields(draft.fields, fromExtra(event.extra, "chunk"));
      return;
    case "finish":
      draft.usage = event.usage ?? draft.usage;
      return;
    case "fault":
    case "embedding":
      return;
    default:
      collectChoice(event, draft);
  }
}

function collectChoice(event: Extract<StreamEvent, { choice: number }>, draft: AnswerDraft): void {
  let candidate = draft.candidates.get(event.choice);
  if (candidate === undefined) {
    candidate = { parts: [], signature: null, finishReason: null, fields: null };
    draft.candidates.set(event.choice, candidate);
  }
  switch (event.type) {
    case "text":
    case "refusal": {
      const signature = taken(candidate);
      addText("text", textPart(event, signature), event.text, signature !== null, candidate);
      candidate.fields = laterFields(candidate.fields, candidateFields(event));
      return;
    }
    case "reasoning":
      if (event.text === "") holdSignature(event.signature, candidate);
      else
        addText("thought", thoughtPart(event), event.text, ownSignature(event.signature) !== null, candidate);
      return;
    case "tool_call":
      candidate.parts.push({ kind: "call", call: newCall(event, taken(candidate)) });
      return;
    case "tool_arguments":
      for (const part of candidate.parts) {
        if (part.kind !== "call" || part.call.index !== event.index) continue;
        part.call = { ...part.call, text: part.call.text + event.text };
      }
      return;
    case "opaque": {
      const part = opaquePart(event);
      if (part !== null) candidate.parts.push({ kind: "other", part });
      return;
    }
    case "choice_end":
      candidate.finishReason = renderFinish(event.reason);
      candidate.fields = laterFields(candidate.fields, fromExtra(event.extra, "candidate"));
  }
}

/** Text goes on in the same part, but never across a signature: parts with one and without must not be joined. */
function addText(
  kind: "text" | "thought",
  part: JsonObject,
  text: string,
  isSigned: boolean,
  candidate: CandidateDraft,
): void {
  const last = candidate.parts.at(-1);
  const goesOn = last !== undefined && last.kind === kind && !last.closed;
  if (goesOn && (!isSigned || kind === "thought")) {
    Object.assign(last.part, part, { text: `${last.part.text}${text}` });
    if (isSigned) candidate.parts[candidate.parts.length - 1] = { ...last, closed: true };
  } else candidate.parts.push({ kind, part: { ...part }, closed: isSigned });
}

function taken(candidate: CandidateDraft): string | null {
  const { signature } = candidate;
  candidate.signature = null;
  return signature;
}

/** It goes on the part it signs, which comes next. */
function holdSignature(signature: string | undefined, candidate: CandidateDraft): void {
  const own = ownSignature(signature);
  if (own === null) return;
  const before = taken(candidate);
  if (before !== null) candidate.parts.push({ kind: "other", part: signaturePart(before) });
  candidate.signature = own;
}

function renderCandidate(index: number, draft: CandidateDraft): JsonObject {
  const parts = draft.parts.map((part) => (part.kind === "call" ? callPart(part.call) : part.part));
  if (draft.signature !== null) parts.push(signaturePart(draft.signature));
  const candidate: Record<string, unknown> = { ...draft.fields };
  candidate.content = { parts, role: "model" };
  if (draft.finishReason !== null) candidate.finishReason = draft.finishReason;
  candidate.index = index;
  return candidate;
}
