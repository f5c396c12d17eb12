/** Events as the caller's answer to InvokeModel. Owns the chunks around the model family's own frames. */
import { NO_USAGE, type StreamEvent, type Usage } from "../../core/events.ts";
import type { RenderState as MessagesState } from "../anthropic-messages/render-state.ts";
import { anthropicMessages } from "../anthropic-messages.ts";
import { encodeBase64 } from "../base64.ts";
import { exceptionFrame } from "../bedrock-errors.ts";
import type { Frame } from "../frame.ts";
import type { JsonObject, RenderContext } from "../wire.ts";
import { renderEmbeddingAnswer } from "./embedding-answer.ts";
import { endsGuarded, GUARDRAIL_FIELD, INTERVENED_ACTION } from "./guardrail.ts";

/** Immutable. */
export interface RenderState {
  readonly inner: MessagesState;
  readonly usage: Usage;
  /** The answer ended for a guardrail. */
  readonly guarded: boolean;
}

type Rendered = readonly [RenderState, readonly Frame[]];

const NO_FRAMES: readonly Frame[] = [];

export function renderInvokeStart(context: RenderContext): RenderState {
  return { inner: anthropicMessages.renderStart(context), usage: NO_USAGE, guarded: false };
}

export function renderInvokeEvent(event: StreamEvent, state: RenderState): Rendered {
  const told = event.type === "usage" || event.type === "finish" ? event.usage : null;
  const usage = told ?? state.usage;
  const [inner, frames] = anthropicMessages.renderEvent(event, state.inner);
  const guarded = state.guarded || endsGuarded(event);
  const isSame = inner === state.inner && usage === state.usage && guarded === state.guarded;
  const next = isSame ? state : { inner, usage, guarded };
  if (frames.length === 0) return [next, NO_FRAMES];
  // The Messages API tells a fault in an event of its own; here it is an exception of the stream.
  if (event.type === "fault") return [next, [exceptionFrame(event.fault, true)]];
  return [next, frames.map((frame) => chunkOf(frame, next))];
}

export function renderInvokeAnswer(events: readonly StreamEvent[], context: RenderContext): JsonObject {
  const embeds = context.request?.operation === "embed" || events.some((event) => event.type === "embedding");
  if (embeds) return renderEmbeddingAnswer(events, context);
  const answer = anthropicMessages.renderAnswer(events, context);
  return events.some(endsGuarded) ? { ...answer, [GUARDRAIL_FIELD]: INTERVENED_ACTION } : answer;
}

/**
 * The last chunk also says what the call cost in tokens, and that a guardrail took a hand. Its clients know these
 * members by their names.
 */
function chunkOf(frame: Frame, { usage, guarded }: RenderState): Frame {
  let { data } = frame;
  if (frame.event === "message_stop") {
    const metrics = {
      inputTokenCount: usage.inputTokens,
      outputTokenCount: usage.outputTokens + usage.reasoningTokens,
      cacheReadInputTokenCount: usage.cacheReadTokens,
      cacheWriteInputTokenCount: usage.cacheWriteTokens,
      invocationLatency: 0,
      firstByteLatency: 0,
    };
    const action = guarded ? `,"${GUARDRAIL_FIELD}":"${INTERVENED_ACTION}"` : "";
    data = `${data.slice(0, -1)},"amazon-bedrock-invocationMetrics":${JSON.stringify(metrics)}${action}}`;
  }
  return { event: "chunk", data: `{"bytes":"${encodeBase64(data)}"}` };
}
