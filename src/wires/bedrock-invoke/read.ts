/** A provider's answer to InvokeModel as events. Owns the chunks around the model family's own frames. */
import type { StreamEvent } from "../../core/events.ts";
import type { Fault } from "../../core/faults.ts";
import type { ReadState } from "../anthropic-messages/read-state.ts";
import { anthropicMessages } from "../anthropic-messages.ts";
import { decodeBase64 } from "../base64.ts";
import { readConverseAnswer } from "../bedrock-converse/read-answer.ts";
import { readBedrockException } from "../bedrock-errors.ts";
import { isRecord } from "../fields.ts";
import type { Frame } from "../frame.ts";
import { badChunk } from "../provider-fault.ts";
import type { AnswerHead } from "../wire.ts";
import { isEmbeddingAnswer, readEmbeddingAnswer } from "./embedding-answer.ts";

export type { ReadState } from "../anthropic-messages/read-state.ts";

type Step = readonly [ReadState, readonly StreamEvent[]];

const NOTHING: readonly StreamEvent[] = [];
const utf8 = new TextDecoder("utf-8");

/** A chunk's `bytes` are one event of the Messages API, as JSON in base64. */
export function stepInvoke(state: ReadState, frame: Frame): Step {
  if (state.phase === "done") return [state, NOTHING];
  if (frame.exception) return stop(state, readBedrockException(frame));
  if (frame.event !== "chunk") return [state, NOTHING];
  const data = payloadOf(frame.data);
  return data === null ? stop(state, badChunk()) : anthropicMessages.step(state, { data });
}

/** The family is known by its shape: nothing else tells it here. */
export function readInvokeAnswer(body: unknown, head?: AnswerHead): readonly StreamEvent[] {
  if (isRecord(body)) {
    if (isEmbeddingAnswer(body)) return readEmbeddingAnswer(body, head);
    if (body.type === undefined && typeof body.inputTokens === "number") return readConverseAnswer(body);
  }
  return anthropicMessages.readAnswer(body);
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
  return [{ ...state, phase: "done" }, [{ type: "fault", fault: why }]];
}
