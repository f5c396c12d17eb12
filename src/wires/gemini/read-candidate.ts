/** One candidate of one chunk, or of a whole answer: its parts become events. Owns what each kind of part says. */
import type { StreamEvent } from "../../core/events.ts";
import { isRecord } from "../../core/json.ts";
import { unmodelled } from "../fields.ts";
import type { JsonObject } from "../wire.ts";
import { makeCallId } from "./call-ids.ts";
import { laterFields, toExtra, WIRE_ID } from "./fields.ts";
import { isBrokenFinish, readFinish } from "./finish-reason.ts";
import { readLogprobs } from "./logprobs.ts";
import type { CandidateState } from "./read-state.ts";
import { readSignature } from "./signature.ts";

const CANDIDATE_FIELDS: ReadonlySet<string> = new Set(["index", "content", "finishReason"]);
const TEXT_FIELDS: ReadonlySet<string> = new Set(["text", "thought", "thoughtSignature"]);
const CALL_FIELDS: ReadonlySet<string> = new Set(["functionCall", "thought", "thoughtSignature"]);
const SIGNATURE_FIELDS: ReadonlySet<string> = new Set(["thought", "thoughtSignature"]);
/** Calls of one candidate beyond this are taken for a broken answer. */
const MAX_CALLS = 128;
const NO_PARTS: readonly unknown[] = [];

/** `shape`: not what the wire promises. `broken`: the provider says itself that this is no answer. */
export type CandidateDefect = "shape" | "broken";

/**
 * The candidate's state after `candidate`, its events appended to `events`. Where every chunk has a reason the last one
 * is meant: content takes an end back, unless a filter made it, and a later reason without any replaces one that came
 * with it.
 */
export function readCandidate(
  known: CandidateState,
  candidate: JsonObject,
  answerId: string,
  events: StreamEvent[],
): CandidateState | CandidateDefect {
  if (known.reason?.unified === "content_filter") return known;
  const parts = partsOf(candidate.content);
  if (parts === null) return "shape";
  const first = events.length;
  const calls = readParts(parts, known, answerId, events);
  if (calls === null) return "shape";
  const speaks = events.length > first;
  if (known.reason !== null && !speaks) return readLate(known, candidate, events);
  const before = known.endTold ? { ...known, endTold: false, carried: null, inPassing: true } : known;
  const hasContent = before.hasContent || hasContentSince(events, first);
  const fields = laterFields(before.carried, unmodelled(candidate, CANDIDATE_FIELDS, null));
  const left = attach(fields, candidate.logprobsResult, events, first);
  const raw = statedReason(candidate);
  if (raw !== null) {
    if (isBrokenFinish(raw)) return "broken";
    return endCandidate({ ...before, calls, hasContent, carried: left, inPassing: speaks }, raw, events);
  }
  if (calls === before.calls && left === before.carried && hasContent === before.hasContent) return before;
  return { ...before, calls, carried: left, hasContent };
}

/**
 * What comes of a candidate without content after its end: nothing new, unless a filter found something, or the reason
 * before was given in passing.
 */
function readLate(
  ended: CandidateState,
  candidate: JsonObject,
  events: StreamEvent[],
): CandidateState | CandidateDefect {
  const raw = statedReason(candidate);
  if (raw === null || raw === ended.reason?.raw) return ended;
  if (ended.inPassing && isBrokenFinish(raw)) return "broken";
  const isVerdict = readFinish(raw, false).unified === "content_filter";
  return isVerdict || ended.inPassing ? endCandidate({ ...ended, inPassing: false }, raw, events) : ended;
}

function statedReason({ finishReason: raw }: JsonObject): string | null {
  return typeof raw === "string" && raw !== "" && raw !== "FINISH_REASON_UNSPECIFIED" ? raw : null;
}

/** Ends a candidate with the provider's reason; null where a whole answer gave none. */
export function endCandidate(
  candidate: CandidateState,
  raw: string | null,
  events: StreamEvent[],
): CandidateState {
  const reason = readFinish(raw, candidate.calls > 0);
  const endTold = candidate.hasContent || reason.unified === "length" || reason.unified === "content_filter";
  const ended: CandidateState = { ...candidate, reason, endTold };
  if (endTold) tellEnd(ended, events);
  return ended;
}

export function tellEnd({ index, reason, carried }: CandidateState, events: StreamEvent[]): void {
  if (reason === null) return;
  const extra = toExtra(null, carried, null);
  events.push({ type: "choice_end", choice: index, reason, ...(extra && { extra }) });
}

/** Chunks that only end a candidate have no content, or content without parts. */
function partsOf(content: unknown): readonly unknown[] | null {
  if (content === undefined || content === null) return NO_PARTS;
  if (!isRecord(content)) return null;
  const parts = content.parts ?? NO_PARTS;
  return Array.isArray(parts) ? parts : null;
}

/** How many calls the candidate has made so far; null when a part has the wrong shape. */
function readParts(
  parts: readonly unknown[],
  before: CandidateState,
  answerId: string,
  events: StreamEvent[],
): number | null {
  let { calls } = before;
  for (const part of parts) {
    if (!isRecord(part)) return null;
    if (isRecord(part.functionCall)) {
      if (calls >= MAX_CALLS || !readCall(part, part.functionCall, before.index, calls, answerId, events)) {
        return null;
      }
      calls++;
    } else readPart(part, before.index, events);
  }
  return calls;
}

function readPart(part: JsonObject, choice: number, events: StreamEvent[]): void {
  const { text } = part;
  const signature = readSignature(part.thoughtSignature);
  if (typeof text === "string" && part.thought === true) {
    if (signature !== null) events.push({ type: "reasoning", choice, text, signature });
    else if (text !== "") events.push({ type: "reasoning", choice, text });
    return;
  }
  if (typeof text !== "string" && unmodelled(part, SIGNATURE_FIELDS, null) !== null) {
    events.push({ type: "opaque", choice, extra: { wire: WIRE_ID, fields: { part } } });
    return;
  }
  // What is signed follows its signature: events know signed reasoning alone.
  if (signature !== null) events.push({ type: "reasoning", choice, text: "", signature });
  if (typeof text !== "string" || text === "") return;
  const extra = toExtra(null, null, unmodelled(part, TEXT_FIELDS, null));
  events.push(extra === undefined ? { type: "text", choice, text } : { type: "text", choice, text, extra });
}

/** Calls come whole. False when one has no name, or arguments that are no object. */
function readCall(
  part: JsonObject,
  call: JsonObject,
  choice: number,
  index: number,
  answerId: string,
  events: StreamEvent[],
): boolean {
  const { id, name } = call;
  const args = call.args ?? {};
  if (typeof name !== "string" || name === "" || !isRecord(args)) return false;
  const signature = readSignature(part.thoughtSignature);
  if (signature !== null) events.push({ type: "reasoning", choice, text: "", signature });
  const extra = toExtra(null, null, unmodelled(part, CALL_FIELDS, null));
  events.push({
    type: "tool_call",
    choice,
    index,
    id: typeof id === "string" && id !== "" ? id : makeCallId(answerId, choice, index),
    name,
    ...(extra && { extra }),
  });
  events.push({ type: "tool_arguments", choice, index, text: JSON.stringify(args) });
  return true;
}

/** A signature alone is no content. */
function hasContentSince(events: readonly StreamEvent[], first: number): boolean {
  for (let i = first; i < events.length; i++) {
    const event = events[i];
    if (event !== undefined && (event.type !== "reasoning" || event.text !== "")) return true;
  }
  return false;
}

/**
 * Hangs the candidate's unmodelled fields on the chunk's text, log probabilities in the usual shape as well. What no event could take is returned, to
 * travel with a later one: it must not pass for content by itself.
 */
function attach(
  fields: JsonObject | null,
  logprobsResult: unknown,
  events: StreamEvent[],
  first: number,
): JsonObject | null {
  if (fields === null) return null;
  for (let i = first; i < events.length; i++) {
    const event = events[i];
    if (event?.type !== "text") continue;
    const part = event.extra?.fields.part;
    const extra = toExtra(null, fields, isRecord(part) ? part : null);
    const logprobs = readLogprobs(logprobsResult);
    events[i] = { ...event, ...(extra && { extra }), ...(logprobs && { logprobs }) };
    return null;
  }
  return fields;
}
