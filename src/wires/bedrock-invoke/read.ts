/** A provider's answer to InvokeModel as events. Owns the chunks around the model family's own frames. */
import type { StreamEvent } from "../../core/events.ts";
import type { Fault } from "../../core/faults.ts";
import { isRecord } from "../../core/json.ts";
import type { ReadState as MessagesState } from "../anthropic-messages/read-state.ts";
import { anthropicMessages } from "../anthropic-messages.ts";
import { decodeBase64 } from "../base64.ts";
import { readConverseAnswer } from "../bedrock-converse/read-answer.ts";
import { readBedrockException } from "../bedrock-errors.ts";
import type { Frame } from "../frame.ts";
import { badChunk } from "../provider-fault.ts";
import type { AnswerHead } from "../wire.ts";
import { isEmbeddingAnswer, readEmbeddingAnswer } from "./embedding-answer.ts";
import { GUARDRAIL_FIELD, INTERVENED, INTERVENED_ACTION } from "./guardrail.ts";

/** Immutable: a frame that changes nothing hands the same object on. */
export interface ReadState {
  readonly inner: MessagesState;
  /** A guardrail took a hand in the answer. */
  readonly guarded: boolean;
}

export const READ_START: ReadState = Object.freeze({ inner: anthropicMessages.readStart(), guarded: false });

type Step = readonly [ReadState, readonly StreamEvent[]];

const NOTHING: readonly StreamEvent[] = [];
const utf8 = new TextDecoder("utf-8");

/** A chunk's `bytes` are one event of the Messages API, as JSON in base64. */
export function stepInvoke(state: ReadState, frame: Frame): Step {
  if (state.inner.phase === "done") return [state, NOTHING];
  if (frame.exception) return stop(state, readBedrockException(frame));
  if (frame.event !== "chunk") return [state, NOTHING];
  const data = payloadOf(frame.data);
  if (data === null) return stop(state, badChunk());
  const [inner, events] = anthropicMessages.step(state.inner, { data });
  const guarded = state.guarded || saysIntervened(data);
  const next = inner === state.inner && guarded === state.guarded ? state : { inner, guarded };
  if (!guarded) return [next, events];
  // The message's end was told before: the chunk after it says what the guardrail did.
  const late = !state.guarded && state.inner.phase === "ended";
  return [next, late ? [GUARDED_END, ...guardedEnds(events)] : guardedEnds(events)];
}

/** The bytes ended, with or without the family's own end mark before. */
export function flushInvoke({ inner, guarded }: ReadState): readonly StreamEvent[] {
  const events = anthropicMessages.flush(inner);
  return guarded ? guardedEnds(events) : events;
}

const GUARDED_END: StreamEvent = { type: "choice_end", choice: 0, reason: INTERVENED };

/**
 * Quotes inside a text are escaped: the field's name in quotes is the field, and is looked for before parsing again.
 */
function saysIntervened(data: string): boolean {
  if (!data.includes(`"${GUARDRAIL_FIELD}"`)) return false;
  let chunk: unknown;
  try {
    chunk = JSON.parse(data);
  } catch {
    return false;
  }
  return isRecord(chunk) && chunk[GUARDRAIL_FIELD] === INTERVENED_ACTION;
}

/** `events` with every end of the answer told as the guardrail's. */
function guardedEnds(events: readonly StreamEvent[]): readonly StreamEvent[] {
  return events.map((event) =>
    event.type === "choice_end" || event.type === "finish" ? { ...event, reason: INTERVENED } : event,
  );
}

/** The family is known by its shape: nothing else tells it here. */
export function readInvokeAnswer(body: unknown, head?: AnswerHead): readonly StreamEvent[] {
  if (isRecord(body)) {
    if (isEmbeddingAnswer(body)) return readEmbeddingAnswer(body, head);
    if (body.type === undefined && typeof body.inputTokens === "number") return readConverseAnswer(body);
  }
  const events = anthropicMessages.readAnswer(body);
  return isRecord(body) && body[GUARDRAIL_FIELD] === INTERVENED_ACTION ? guardedEnds(events) : events;
}

function payloadOf(data: string): string | null {
  let chunk: unknown;
  try {
    chunk = JSON.parse(data);
  } catch {
    return null;
  }
  if (!isRecord(chunk) || typeof chunk.bytes !== "string") return null;
  const bytes = decodeBase64(chunk.bytes);
  return bytes === null ? null : utf8.decode(bytes);
}

function stop(state: ReadState, why: Fault): Step {
  return [{ ...state, inner: { ...state.inner, phase: "done" } }, [{ type: "fault", fault: why }]];
}
