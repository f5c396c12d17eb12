/** One choice of one chunk, or of a whole answer: its delta becomes events. Owns the order of what it holds. */
import type { FinishReason, StreamEvent } from "../../core/events.ts";
import { isRecord } from "../../core/json.ts";
import { unmodelled } from "../fields.ts";
import type { JsonObject } from "../wire.ts";
import { type LevelFields, levels, mergeLevels, toExtra } from "./fields.ts";
import { isFiltered } from "./filter-results.ts";
import { isBrokenFinish, readFinish } from "./finish-reason.ts";
import { areWhole, endCalls, readCalls } from "./read-calls.ts";
import type { CallState, ChoiceState } from "./read-state.ts";

const CHOICE_FIELDS: ReadonlySet<string> = new Set([
  "index",
  "delta",
  "message",
  "logprobs",
  "finish_reason",
]);
const DELTA_FIELDS: ReadonlySet<string> = new Set([
  "role",
  "content",
  "refusal",
  "reasoning_content",
  "reasoning",
  "tool_calls",
  "function_call",
]);
const NO_DELTA: JsonObject = {};

/**
 * `shape`: not what the wire promises. `broken`: the provider says itself that it gave up. `half`: a call is cut, and
 * nobody says why.
 */
export type ChoiceDefect = "shape" | "broken" | "half";

/**
 * The choice's state after `choice`, its events appended to `events`. Servers that give a reason with every piece mean
 * the last one: content takes an end back, unless a filter made it, and a later reason without any replaces one that
 * came with it. `delta` is the chunk's delta or the
 * whole answer's message, `chunkFields` what the first event that can shall carry along.
 */
export function readChoice(
  known: ChoiceState,
  choice: JsonObject,
  delta: unknown,
  chunkFields: JsonObject | null,
  answerId: string,
  events: StreamEvent[],
): ChoiceState | ChoiceDefect {
  const body = isRecord(delta) ? delta : NO_DELTA;
  const { reason } = known;
  const first = events.length;
  const calls = reason?.unified === "content_filter" ? known.calls : readDelta(known, body, answerId, events);
  if (calls === null) return "shape";
  const speaks = events.length > first || calls !== known.calls;
  if (reason !== null && !speaks) return readLate(known, reason, choice, body, chunkFields, events);
  const carriedBefore = known.endTold ? null : known.carried;
  const before =
    reason === null ? known : { ...known, endTold: false, carried: carriedBefore, inPassing: true };
  const hasContent = before.hasContent || events.length > first || calls.length > 0;
  const fields = unmodelled(choice, CHOICE_FIELDS, null);
  const filtered = before.filtered || (fields !== null && isFiltered(fields));
  const carried = mergeLevels(
    before.carried,
    levels(chunkFields, fields, unmodelled(body, DELTA_FIELDS, null)),
  );
  const left = attach(carried, choice.logprobs, events, first);
  const raw = choice.finish_reason;
  if (typeof raw === "string" && raw !== "") {
    if (isBrokenFinish(raw)) return "broken";
    const last: ChoiceState = { ...before, calls, hasContent, carried: left, filtered, inPassing: speaks };
    // Arguments that are still to come are none only when nothing comes any more.
    if (calls.some(({ text }) => text === "")) return { ...last, reason: readFinish(raw, true) };
    return endChoice(last, raw, events);
  }
  if (
    calls === before.calls &&
    left === before.carried &&
    hasContent === before.hasContent &&
    filtered === before.filtered
  ) {
    return before;
  }
  return { ...before, calls, carried: left, hasContent, filtered };
}

/** Ends a choice with the provider's reason; null where it closed the stream properly without giving one. */
export function endChoice(
  choice: ChoiceState,
  raw: string | null,
  events: StreamEvent[],
): ChoiceState | ChoiceDefect {
  const { index, hasContent, filtered } = choice;
  const calls = endCalls(choice.calls, index, events);
  if (calls === null) return "shape";
  const reason: FinishReason = filtered
    ? { unified: "content_filter", raw }
    : readFinish(raw, calls.length > 0);
  const isStated = raw !== null && reason.unified !== "other";
  if (!isStated && !areWhole(calls)) return "half";
  const endTold = hasContent || reason.unified === "length" || reason.unified === "content_filter";
  const ended: ChoiceState = { ...choice, calls, reason, endTold };
  if (endTold) tellEnd(ended, events);
  return ended;
}

/**
 * What comes of a choice after its end: Azure's asynchronous filter gives its verdict then. One that the answer is
 * filtered ends the choice anew, and so does another reason where the one before was given in passing and was no filter's;
 * fields alone are told beside it.
 */
function readLate(
  ended: ChoiceState,
  reason: FinishReason,
  choice: JsonObject,
  delta: JsonObject,
  chunkFields: JsonObject | null,
  events: StreamEvent[],
): ChoiceState | ChoiceDefect {
  const fields = unmodelled(choice, CHOICE_FIELDS, null);
  const late = levels(chunkFields, fields, unmodelled(delta, DELTA_FIELDS, null));
  const raw = typeof choice.finish_reason === "string" ? choice.finish_reason : null;
  const isFinal = reason.unified === "content_filter";
  // An end in passing was held back, and gives way to the next with all that it carries.
  const isTold = ended.endTold && !ended.inPassing;
  const carried = isTold ? late : mergeLevels(ended.carried, late);
  const isVerdict =
    !isFinal &&
    (readFinish(raw, false).unified === "content_filter" || (fields !== null && isFiltered(fields)));
  if (isVerdict) {
    const verdict: FinishReason = { unified: "content_filter", raw: raw || reason.raw };
    const filtered: ChoiceState = { ...ended, carried, filtered: true, reason: verdict, endTold: true };
    tellEnd(filtered, events);
    return filtered;
  }
  if (ended.inPassing && !isFinal && raw && raw !== reason.raw) {
    if (isBrokenFinish(raw)) return "broken";
    return endChoice({ ...ended, carried, inPassing: false }, raw, events);
  }
  if (late === null) return ended;
  if (!ended.endTold) return { ...ended, carried };
  events.push({ type: "opaque", choice: ended.index, extra: toExtra(late) });
  return ended;
}

export function tellEnd(choice: ChoiceState, events: StreamEvent[]): void {
  if (choice.reason === null) return;
  events.push({
    type: "choice_end",
    choice: choice.index,
    reason: choice.reason,
    ...(choice.carried && { extra: toExtra(choice.carried) }),
  });
}

function readDelta(
  before: ChoiceState,
  delta: JsonObject,
  answerId: string,
  events: StreamEvent[],
): readonly CallState[] | null {
  const choice = before.index;
  const reasoning = delta.reasoning_content ?? delta.reasoning;
  if (typeof reasoning === "string" && reasoning !== "") {
    events.push({ type: "reasoning", choice, text: reasoning });
  }
  const { content, refusal, tool_calls: deltas } = delta;
  if (typeof content === "string") {
    if (content !== "") events.push({ type: "text", choice, text: content });
  } else if (content !== undefined && content !== null && !readParts(content, choice, events)) {
    return null;
  }
  if (typeof refusal === "string" && refusal !== "") events.push({ type: "refusal", choice, text: refusal });
  if (deltas === undefined || deltas === null) return before.calls;
  if (!Array.isArray(deltas)) return null;
  return readCalls(before.calls, deltas, choice, answerId, events);
}

/** Content as a list of parts: servers with thinking models send text and thinking side by side. */
function readParts(content: unknown, choice: number, events: StreamEvent[]): boolean {
  if (!Array.isArray(content)) return false;
  for (const part of content) {
    if (!isRecord(part)) return false;
    if (part.type === "thinking") {
      const text = thinkingText(part.thinking);
      if (text !== "") events.push({ type: "reasoning", choice, text });
    } else if (typeof part.text === "string" && part.text !== "") {
      events.push({ type: "text", choice, text: part.text });
    }
  }
  return true;
}

function thinkingText(thinking: unknown): string {
  if (typeof thinking === "string") return thinking;
  if (!Array.isArray(thinking)) return "";
  return thinking.map((part) => (isRecord(part) && typeof part.text === "string" ? part.text : "")).join("");
}

/**
 * Hangs log probabilities on the chunk's text or refusal, and unmodelled fields on its text. What no event
 * could take is returned, to travel with a later one: it must not pass for content by itself.
 */
function attach(
  carried: LevelFields | null,
  logprobs: unknown,
  events: StreamEvent[],
  first: number,
): LevelFields | null {
  const hasLogprobs = logprobs !== undefined && logprobs !== null;
  if (carried === null && !hasLogprobs) return null;
  const left = carried;
  let logprobsLeft = hasLogprobs;
  for (let i = first; i < events.length; i++) {
    const event = events[i];
    if (event?.type === "text") {
      events[i] = { ...event, ...(logprobsLeft && { logprobs }), ...(left && { extra: toExtra(left) }) };
      return null;
    }
    if (event?.type === "refusal" && logprobsLeft) {
      events[i] = { ...event, logprobs };
      logprobsLeft = false;
    }
  }
  return logprobsLeft ? mergeLevels(left, { choice: { logprobs } }) : left;
}
