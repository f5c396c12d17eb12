/** Events as the caller's stream of this wire. Owns frames and the order of blocks; whole answers are not its job. */
import type { Extra, StreamEvent, Usage } from "../../core/events.ts";
import { isRecord } from "../../core/json.ts";
import { exceptionFrame } from "../bedrock-errors.ts";
import { endLabels } from "../end-labels.ts";
import type { Frame } from "../frame.ts";
import type { JsonObject, RenderContext } from "../wire.ts";
import { asBlob } from "./blob.ts";
import { fromExtra } from "./fields.ts";
import { renderStopReason } from "./stop-reason.ts";
import { renderUsage } from "./usage.ts";

type BlockKind = "text" | "reasoning" | "call" | "opaque";

/** Immutable: most events hand the same object on. */
export interface RenderState {
  readonly context: RenderContext;
  readonly begun: boolean;
  /** The block under way; its index is `next - 1`. */
  readonly open: BlockKind | null;
  /** The index of the next block. */
  readonly next: number;
  /** The block of each tool call, by the call's index. */
  readonly calls: readonly number[];
  /** How the message ended. It goes out with the usage: it may still turn out to be filtered. */
  readonly end: EndEvent | null;
  readonly usage: Usage | null;
  readonly usageExtra: Extra | undefined;
  readonly done: boolean;
}

type Rendered = readonly [RenderState, readonly Frame[]];
type EndEvent = Extract<StreamEvent, { type: "choice_end" }>;
type ChoiceEvent = Exclude<Extract<StreamEvent, { choice: number }>, { type: "choice_end" }>;

const NO_FRAMES: readonly Frame[] = [];

export function renderConverseStart(context: RenderContext): RenderState {
  return {
    context,
    begun: false,
    open: null,
    next: 0,
    calls: [],
    end: null,
    usage: null,
    usageExtra: undefined,
    done: false,
  };
}

export function renderConverseEvent(event: StreamEvent, state: RenderState): Rendered {
  if (state.done) return [state, NO_FRAMES];
  switch (event.type) {
    case "start":
    case "embedding":
      return [state, NO_FRAMES];
    case "usage":
      return [{ ...state, usage: event.usage, usageExtra: event.extra }, NO_FRAMES];
    case "finish":
      return renderEnd(event, state);
    case "fault":
      return [{ ...state, done: true }, [exceptionFrame(event.fault)]];
    case "choice_end":
      return [event.choice === 0 ? { ...state, end: event } : state, NO_FRAMES];
    default: {
      // The wire has room for one choice.
      if (event.choice !== 0) return [state, NO_FRAMES];
      const frames: Frame[] = [];
      return [renderContent(event, state, frames), frames];
    }
  }
}

function renderContent(event: ChoiceEvent, state: RenderState, frames: Frame[]): RenderState {
  switch (event.type) {
    case "text":
    case "refusal": {
      const next = opened(state, "text", frames);
      frames.push(textDelta(next.next - 1, `{"text":${JSON.stringify(event.text)}}`));
      return next;
    }
    case "reasoning":
      return renderReasoning(event, state, frames);
    case "tool_call": {
      const { id: toolUseId, name } = event;
      const next = started(state, "call", { toolUse: { toolUseId, name } }, frames);
      const calls = [...next.calls];
      calls[event.index] = next.next - 1;
      return { ...next, calls };
    }
    case "tool_arguments": {
      // Every delta names its block: arguments that come late, when another block is open, still find theirs.
      const index = state.calls[event.index];
      if (index === undefined) return state;
      frames.push(textDelta(index, `{"toolUse":{"input":${JSON.stringify(event.text)}}}`));
      return state;
    }
    case "opaque":
      return renderOpaque(fromExtra(event.extra), state, frames);
  }
}

function renderReasoning(
  event: Extract<StreamEvent, { type: "reasoning" }>,
  state: RenderState,
  frames: Frame[],
): RenderState {
  if (event.redacted !== undefined) {
    const next = opened(closed(state, frames), "reasoning", frames);
    const redactedContent = asBlob(event.redacted);
    frames.push(textDelta(next.next - 1, JSON.stringify({ reasoningContent: { redactedContent } })));
    return closed(next, frames);
  }
  const next = opened(state, "reasoning", frames);
  if (event.text !== "" || event.signature === undefined) {
    const delta = `{"reasoningContent":{"text":${JSON.stringify(event.text)}}}`;
    frames.push(textDelta(next.next - 1, delta));
  }
  if (event.signature === undefined) return next;
  const { signature } = event;
  frames.push(textDelta(next.next - 1, JSON.stringify({ reasoningContent: { signature } })));
  return closed(next, frames);
}

/** Pieces of this wire's own, as they came. A citation belongs to the text that it follows. */
function renderOpaque(piece: JsonObject | null, state: RenderState, frames: Frame[]): RenderState {
  if (piece === null) return state;
  if (isRecord(piece.start)) return started(state, "opaque", piece.start, frames);
  if (!isRecord(piece.delta)) return state;
  const next = opened(state, state.open === "opaque" ? "opaque" : "text", frames);
  frames.push(textDelta(next.next - 1, JSON.stringify(piece.delta)));
  return next;
}

/** `state` with a block of `kind` under way: the one that is open, or a new one. */
function opened(state: RenderState, kind: BlockKind, frames: Frame[]): RenderState {
  if (state.open === kind) return state;
  const ready = closed(begun(state, frames), frames);
  return { ...ready, open: kind, next: ready.next + 1 };
}

/** A block that says at its start what it is. */
function started(state: RenderState, kind: BlockKind, start: JsonObject, frames: Frame[]): RenderState {
  const ready = closed(begun(state, frames), frames);
  frames.push(frameOf("contentBlockStart", { contentBlockIndex: ready.next, start }));
  return { ...ready, open: kind, next: ready.next + 1 };
}

function closed(state: RenderState, frames: Frame[]): RenderState {
  if (state.open === null) return state;
  frames.push({ event: "contentBlockStop", data: `{"contentBlockIndex":${state.next - 1}}` });
  return { ...state, open: null };
}

/** The first frame waits for content: until then another model may still answer. */
function begun(state: RenderState, frames: Frame[]): RenderState {
  if (state.begun) return state;
  frames.push(frameOf("messageStart", { role: "assistant", ...labelled(state.context.labels) }));
  return { ...state, begun: true };
}

/**
 * Members of a `messageStop`, which in a whole answer stand at the top. Which stop sequence it was is told
 * unasked: the service waits to be asked by a path into the model's own fields.
 */
export function stopFields({ reason, extra }: Pick<EndEvent, "reason" | "extra">): JsonObject {
  const fields: Record<string, unknown> = { ...fromExtra(extra), stopReason: renderStopReason(reason) };
  if (reason.stopSequence !== undefined) {
    const own = isRecord(fields.additionalModelResponseFields) ? fields.additionalModelResponseFields : {};
    fields.additionalModelResponseFields = { ...own, stop_sequence: reason.stopSequence };
  }
  return fields;
}

/** An answer whose usage nobody even guessed ends without metadata: clients cannot do with half of it. */
function renderEnd(event: Extract<StreamEvent, { type: "finish" }>, state: RenderState): Rendered {
  const frames: Frame[] = [];
  if (state.end !== null) {
    closed(begun(state, frames), frames);
    frames.push(frameOf("messageStop", stopFields(state.end)));
  }
  const usage = event.usage ?? state.usage;
  if (usage !== null) {
    const labels = endLabels(state.context, event.estimated === true);
    frames.push(frameOf("metadata", metadataFields(usage, state.usageExtra, labels)));
  }
  return [{ ...state, done: true }, frames];
}

/**
 * Members of the `metadata` event, which in a whole answer stand at the top. Only the provider knows its latency;
 * clients pass over members that they do not know.
 */
export function metadataFields(
  usage: Usage,
  extra: Extra | undefined,
  labels: JsonObject | undefined,
): JsonObject {
  return { metrics: { latencyMs: 0 }, ...fromExtra(extra), usage: renderUsage(usage), ...labelled(labels) };
}

function labelled(labels: JsonObject | undefined): JsonObject {
  return labels === undefined ? {} : { pointsman: labels };
}

function textDelta(index: number, delta: string): Frame {
  return { event: "contentBlockDelta", data: `{"contentBlockIndex":${index},"delta":${delta}}` };
}

function frameOf(event: string, body: JsonObject): Frame {
  return { event, data: JSON.stringify(body) };
}
