/** Events as the caller's stream of this wire. Owns frames and their order; a whole answer is not its job. */
import type { FinishReason, StreamEvent, Usage } from "../../core/events.ts";
import { endLabels } from "../end-labels.ts";
import type { Frame } from "../frame.ts";
import type { JsonObject, RenderContext } from "../wire.ts";
import { fromExtra, WIRE_ID } from "./fields.ts";
import { renderFinish } from "./finish-reason.ts";
import { closeBlock, frame, renderBlock } from "./render-block.ts";
import { faultBody } from "./render-fault.ts";
import type { RenderState } from "./render-state.ts";
import { renderEndUsage, renderUsage } from "./usage.ts";

export type { RenderState } from "./render-state.ts";

type Rendered = readonly [RenderState, readonly Frame[]];
type EventOf<Type extends StreamEvent["type"]> = Extract<StreamEvent, { type: Type }>;

/** What clients' types promise of a message, where nobody said anything. */
export const UNSAID: JsonObject = { container: null, diagnostics: null, stop_details: null };
const NO_FRAMES: readonly Frame[] = [];
const MESSAGE_STOP: Frame = { event: "message_stop", data: '{"type":"message_stop"}' };
const NO_REASON: FinishReason = { unified: "other", raw: null };

export function renderMessagesStart(context: RenderContext): RenderState {
  return {
    context,
    id: messageId(undefined, context),
    message: null,
    usage: null,
    begun: false,
    block: -1,
    open: "nothing",
    head: "",
    calls: [],
    refused: false,
    reason: null,
    endDelta: null,
    endEvent: null,
    done: false,
  };
}

/** The provider's id where it gave one, so that its own logs can be asked; else one made of the request's. */
export function messageId(provided: string | undefined, context: RenderContext): string {
  const id = provided ?? context.requestId;
  return id.startsWith("msg_") ? id : `msg_${id}`;
}

/**
 * Blocks come one after the other. Of several choices the wire has room for the first alone. `message_start`
 * waits for the first content, so that it can state what the provider counted.
 */
export function renderMessagesEvent(event: StreamEvent, state: RenderState): Rendered {
  if (state.done) return [state, NO_FRAMES];
  switch (event.type) {
    case "start": {
      const id = messageId(event.id, state.context);
      return [{ ...state, id, message: fromExtra(event.extra, "message") }, NO_FRAMES];
    }
    case "usage":
      return [{ ...state, usage: event.usage }, NO_FRAMES];
    case "finish":
      return renderEnd(event, state);
    case "fault": {
      const data = JSON.stringify(faultBody(event.fault, state.context.requestId));
      return [{ ...state, done: true }, [{ event: "error", data }]];
    }
    case "embedding":
      return [state, NO_FRAMES];
    default:
      return event.choice === 0 ? renderContent(event, state) : [state, NO_FRAMES];
  }
}

function renderContent(event: Extract<StreamEvent, { choice: number }>, state: RenderState): Rendered {
  if (event.type === "text" && event.extra === undefined && state.open === "text") {
    return [state, [{ event: "content_block_delta", data: `${state.head}${JSON.stringify(event.text)}}}` }]];
  }
  if (event.type === "choice_end") return [endChoice(event, state), NO_FRAMES];
  if (event.type === "opaque" && event.extra.wire !== WIRE_ID) return [state, NO_FRAMES];
  const frames: Frame[] = [];
  const begun = state.begun ? state : begin(state, frames);
  return [renderBlock(event, begun, frames), frames];
}

function begin(state: RenderState, frames: Frame[]): RenderState {
  const { context } = state;
  const message: Record<string, unknown> = { ...UNSAID, ...state.message };
  message.id = state.id;
  message.type = "message";
  message.role = "assistant";
  message.model = context.model;
  message.content = [];
  message.stop_reason = null;
  message.stop_sequence = null;
  message.usage = renderUsage(state.usage, context.estimatedInputTokens);
  if (context.labels !== undefined) message.pointsman = context.labels;
  frames.push(frame("message_start", { type: "message_start", message }));
  return { ...state, begun: true };
}

function endChoice(event: EventOf<"choice_end">, state: RenderState): RenderState {
  const endDelta = fromExtra(event.extra, "delta");
  const endEvent = fromExtra(event.extra, "event");
  return { ...state, reason: event.reason, endDelta, endEvent };
}

function renderEnd(event: EventOf<"finish">, state: RenderState): Rendered {
  const frames: Frame[] = [];
  const usage: Usage | null = event.usage ?? state.usage;
  const begun = state.begun ? state : begin({ ...state, usage }, frames);
  const closed = closeBlock(begun, frames);
  const { context, endDelta, endEvent } = closed;
  const reason = closed.reason ?? event.reason ?? NO_REASON;
  const end: Record<string, unknown> = { ...endEvent, type: "message_delta" };
  end.delta = {
    container: null,
    stop_details: null,
    ...endDelta,
    stop_reason: closed.refused ? "refusal" : renderFinish(reason),
    stop_sequence: reason.stopSequence ?? null,
  };
  end.usage = renderEndUsage(usage, context.estimatedInputTokens);
  const labels = endLabels(context, event.estimated === true);
  if (labels !== undefined) end.pointsman = labels;
  frames.push(frame("message_delta", end), MESSAGE_STOP);
  return [{ ...closed, done: true }, frames];
}
