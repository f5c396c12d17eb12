/** A provider's stream of this wire as events: one chunk at a time, then the end of the bytes. */
import type { FinishReason, StreamEvent } from "../../core/events.ts";
import type { Fault } from "../../core/faults.ts";
import { isRecord } from "../../core/json.ts";
import { unmodelled } from "../fields.ts";
import type { Frame } from "../frame.ts";
import { badChunk, emptyAnswer, malformedCall, streamCut } from "../provider-fault.ts";
import type { JsonObject } from "../wire.ts";
import { blockedPrompt, readStreamError } from "./errors.ts";
import { laterFields, toExtra } from "./fields.ts";
import { type CandidateDefect, endCandidate, readCandidate, tellEnd } from "./read-candidate.ts";
import { type CandidateState, newCandidate, READ_START, type ReadState } from "./read-state.ts";
import { readUsage } from "./usage.ts";

/** More candidates than a request may ask for are taken for a broken stream. */
const MAX_CANDIDATE_INDEX = 127;
const CHUNK_FIELDS: ReadonlySet<string> = new Set([
  "candidates",
  "usageMetadata",
  "modelVersion",
  "responseId",
]);
const NOTHING: readonly StreamEvent[] = [];

export type Step = readonly [ReadState, readonly StreamEvent[]];

/** The stream has no end mark: it is complete when the bytes end and every candidate gave its reason. */
export function stepGemini(state: ReadState, frame: Frame): Step {
  if (state.phase === "done") return [state, NOTHING];
  const data = frame.data.trim();
  if (data === "" || data === "[DONE]") return [state, NOTHING];
  let chunk: unknown;
  try {
    chunk = JSON.parse(data);
  } catch {
    return stop(state, [], badChunk());
  }
  return readChunks(state, chunk);
}

export function flushGemini(state: ReadState): readonly StreamEvent[] {
  if (state.phase === "done") return NOTHING;
  if (state.phase === "waiting" || state.candidates.some((candidate) => candidate.reason === null)) {
    return stop(state, [], streamCut())[1];
  }
  return close(state)[1];
}

/** A whole answer, or the chunks of a stream in one list as they come without server-sent events. */
export function readWhole(body: unknown): readonly StreamEvent[] {
  const [state, events] = readChunks(READ_START, body);
  return state.phase === "done" ? events : [...events, ...close(state)[1]];
}

function readChunks(state: ReadState, chunk: unknown): Step {
  if (!Array.isArray(chunk)) return readChunk(state, chunk);
  let next = state;
  const events: StreamEvent[] = [];
  for (const one of chunk) {
    const [after, more] = readChunk(next, one);
    next = after;
    events.push(...more);
    if (next.phase === "done") break;
  }
  return [next, events];
}

function readChunk(state: ReadState, chunk: unknown): Step {
  if (!isRecord(chunk)) return stop(state, [], badChunk());
  if (chunk.error !== undefined && chunk.error !== null) return stop(state, [], readStreamError(chunk));
  const candidates = chunk.candidates ?? NOTHING;
  if (!Array.isArray(candidates)) return stop(state, [], badChunk());
  const events: StreamEvent[] = [];
  let next = open(state, chunk, events);
  if (isRecord(chunk.usageMetadata)) next = { ...next, usage: chunk.usageMetadata, usageTold: false };
  const blocked = candidates.length === 0 ? blockReason(chunk) : null;
  if (blocked !== null && next.candidates.length === 0) return stop(next, events, blocked);
  for (const candidate of candidates) {
    const after = isRecord(candidate) ? placeCandidate(next, candidate, events) : "shape";
    if (typeof after === "string") return stop(next, events, defectFault(after));
    next = after;
  }
  const complete = next.candidates.length > 0 && next.candidates.every((known) => known.reason !== null);
  return complete ? [tellUsage(next, events), events] : [next, events];
}

/** The first chunk starts the answer; what later chunks say of it anew is kept. */
function open(state: ReadState, chunk: JsonObject, events: StreamEvent[]): ReadState {
  const fields = unmodelled(chunk, CHUNK_FIELDS, state.chunkFields);
  const chunkFields = fields === null ? state.chunkFields : { ...state.chunkFields, ...fields };
  if (state.phase === "open") {
    return fields === null ? state : { ...state, chunkFields, carried: laterFields(state.carried, fields) };
  }
  const id = typeof chunk.responseId === "string" ? chunk.responseId : "";
  const extra = toExtra(fields, null, null);
  events.push({ type: "start", ...(id !== "" && { id }), ...(extra && { extra }) });
  return { ...state, phase: "open", answerId: id, chunkFields };
}

function blockReason({ promptFeedback }: JsonObject): Fault | null {
  if (!isRecord(promptFeedback)) return null;
  const { blockReason: reason, blockReasonMessage } = promptFeedback;
  if (typeof reason !== "string" || reason === "" || reason === "BLOCK_REASON_UNSPECIFIED") return null;
  return blockedPrompt(reason, blockReasonMessage);
}

function placeCandidate(
  state: ReadState,
  candidate: JsonObject,
  events: StreamEvent[],
): ReadState | CandidateDefect {
  const index = candidate.index ?? 0;
  if (typeof index !== "number" || !Number.isInteger(index) || index < 0 || index > MAX_CANDIDATE_INDEX) {
    return "shape";
  }
  const position = state.candidates.findIndex((known) => known.index === index);
  const before = state.candidates[position] ?? newCandidate(index);
  const after = readCandidate(before, candidate, state.answerId, events);
  if (typeof after === "string") return after;
  if (position === -1) return { ...state, candidates: [...state.candidates, after] };
  return after === before ? state : { ...state, candidates: state.candidates.with(position, after) };
}

/** Every chunk counts anew; what was counted last is told once. */
function tellUsage(state: ReadState, events: StreamEvent[]): ReadState {
  if (state.usage === null || state.usageTold) return state;
  const usage = readUsage(state.usage);
  if (usage === null) return state;
  const extra = toExtra(state.carried, null, null);
  events.push({ type: "usage", usage, ...(extra && { extra }) });
  return { ...state, usageTold: true, carried: null };
}

/** The terminal event. An answer without any content is no answer. */
function close(state: ReadState): Step {
  const events: StreamEvent[] = [];
  const ended: CandidateState[] = state.candidates.map((candidate) =>
    candidate.endTold ? candidate : endCandidate(candidate, candidate.reason?.raw ?? null, events),
  );
  ended.sort((a, b) => a.index - b.index);
  if (!ended.some((candidate) => candidate.hasContent || candidate.endTold)) {
    return stop(state, events, emptyAnswer(state.candidates[0]?.reason));
  }
  for (const candidate of ended) if (!candidate.endTold) tellEnd(candidate, events);
  const told = tellUsage(state, events);
  const usage = readUsage(state.usage);
  events.push({ type: "finish", reason: ended[0]?.reason ?? NO_REASON, usage });
  return [{ ...told, phase: "done" }, events];
}

const NO_REASON: FinishReason = { unified: "other", raw: null };

function stop(state: ReadState, events: StreamEvent[], why: Fault): Step {
  const told = tellUsage(state, events);
  events.push({ type: "fault", fault: why });
  return [{ ...told, phase: "done" }, events];
}

function defectFault(defect: CandidateDefect): Fault {
  return defect === "shape" ? badChunk() : malformedCall();
}
