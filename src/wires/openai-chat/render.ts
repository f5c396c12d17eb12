/** Events as the caller's stream of this wire. Owns chunks and their order; a whole answer is not its job. */
import type { StreamEvent, Usage } from "../../core/events.ts";
import type { Frame } from "../frame.ts";
import type { JsonObject, RenderContext } from "../wire.ts";
import { fromExtra, WIRE_ID } from "./fields.ts";
import { renderFinish } from "./finish-reason.ts";
import { faultBody } from "./render-fault.ts";
import { renderUsage } from "./usage.ts";

/** Immutable: most events hand the same object on. */
export interface RenderState {
  readonly context: RenderContext;
  /** The fields that every chunk of this answer begins with, as JSON text up to `"choices":`. */
  readonly head: string;
  /** Unmodelled chunk fields of the provider's first chunk; they go out with ours. */
  readonly fields: JsonObject | null;
  /** Those of them that every chunk repeats, as JSON members with a comma each. */
  readonly members: string;
  /** Choices whose first chunk, the one with the role, was sent. */
  readonly begun: readonly number[];
  readonly usage: Usage | null;
  readonly done: boolean;
}

type Rendered = readonly [RenderState, readonly Frame[]];

const NO_FRAMES: readonly Frame[] = [];
const DONE: Frame = { data: "[DONE]" };

export function renderChatStart(context: RenderContext): RenderState {
  const head = headOf(answerId(undefined, context), context.createdAt, context);
  return { context, head, fields: null, members: "", begun: [], usage: null, done: false };
}

/** The provider's id where it gave one, so that its own logs can be asked; else one made of the request's. */
export function answerId(provided: string | undefined, context: RenderContext): string {
  return provided ?? `chatcmpl-${context.requestId}`;
}

export function renderChatEvent(event: StreamEvent, state: RenderState): Rendered {
  if (state.done) return [state, NO_FRAMES];
  switch (event.type) {
    case "start":
      return [begin(event, state), NO_FRAMES];
    case "usage":
      return [keepUsage(event, state), NO_FRAMES];
    case "finish":
      return renderEnd(event.usage ?? state.usage, state);
    case "fault":
      return [
        { ...state, done: true },
        [{ data: JSON.stringify(faultBody(event.fault, state.context.requestId)) }],
      ];
    case "embedding":
      return [state, NO_FRAMES];
    case "opaque":
      // Fields that came after the end of their choice.
      return event.extra.wire === WIRE_ID ? renderChoice(event, state) : [state, NO_FRAMES];
    case "reasoning":
      // A signature by itself: this dialect has no field for it.
      return event.text === "" ? [state, NO_FRAMES] : renderChoice(event, state);
    default:
      return renderChoice(event, state);
  }
}

type ChoiceEvent = Extract<StreamEvent, { choice: number }>;

function renderChoice(event: ChoiceEvent, state: RenderState): Rendered {
  const frame = { data: chunkOf(event, state) };
  if (state.begun.includes(event.choice)) return [state, [frame]];
  const content = event.type === "tool_call" ? "null" : '""';
  const role = `{"index":${event.choice},"delta":{"role":"assistant","content":${content}},"finish_reason":null}`;
  const isFirst = state.begun.length === 0;
  const members = isFirst ? `${membersOf(state.fields)}${labelMember(state)}` : state.members;
  const first = { data: `${state.head}${members}"choices":[${role}]}` };
  return [{ ...state, begun: [...state.begun, event.choice] }, [first, frame]];
}

function chunkOf(event: ChoiceEvent, state: RenderState): string {
  const { head, members } = state;
  switch (event.type) {
    case "text":
      if (event.extra === undefined && event.logprobs === undefined) {
        return `${head}${members}"choices":[{"index":${event.choice},"delta":{"content":${JSON.stringify(event.text)}},"finish_reason":null}]}`;
      }
      return richText(event, state);
    case "refusal": {
      const logprobs = event.logprobs === undefined ? "" : `,"logprobs":${JSON.stringify(event.logprobs)}`;
      return `${head}${members}"choices":[{"index":${event.choice},"delta":{"refusal":${JSON.stringify(event.text)}}${logprobs},"finish_reason":null}]}`;
    }
    case "reasoning":
      return `${head}${members}"choices":[{"index":${event.choice},"delta":{"reasoning_content":${JSON.stringify(event.text)}},"finish_reason":null}]}`;
    case "tool_call": {
      const call = JSON.stringify({
        ...fromExtra(event.extra, "delta"),
        index: event.index,
        id: event.id,
        type: "function",
        function: { name: event.name, arguments: "" },
      });
      return `${head}${members}"choices":[{"index":${event.choice},"delta":{"tool_calls":[${call}]},"finish_reason":null}]}`;
    }
    case "tool_arguments":
      return `${head}${members}"choices":[{"index":${event.choice},"delta":{"tool_calls":[{"index":${event.index},"function":{"arguments":${JSON.stringify(event.text)}}}]},"finish_reason":null}]}`;
    case "opaque":
    case "choice_end": {
      const choice = JSON.stringify({
        ...fromExtra(event.extra, "choice"),
        index: event.choice,
        delta: fromExtra(event.extra, "delta") ?? {},
        finish_reason: event.type === "opaque" ? null : renderFinish(event.reason),
      });
      const own = fromExtra(event.extra, "chunk");
      return `${head}${membersWith(state, own)}${labelMember(state)}"choices":[${choice}]}`;
    }
  }
}

function richText(event: Extract<StreamEvent, { type: "text" }>, state: RenderState): string {
  const choice = JSON.stringify({
    ...fromExtra(event.extra, "choice"),
    index: event.choice,
    delta: { ...fromExtra(event.extra, "delta"), content: event.text },
    ...(event.logprobs !== undefined && { logprobs: event.logprobs }),
    finish_reason: null,
  });
  return `${state.head}${membersWith(state, fromExtra(event.extra, "chunk"))}"choices":[${choice}]}`;
}

function begin(event: Extract<StreamEvent, { type: "start" }>, state: RenderState): RenderState {
  const { context } = state;
  const head = headOf(answerId(event.id, context), event.created ?? context.createdAt, context);
  return withFields({ ...state, head }, fromExtra(event.extra, "chunk"));
}

function keepUsage(event: Extract<StreamEvent, { type: "usage" }>, state: RenderState): RenderState {
  const fields = fromExtra(event.extra, "chunk");
  if (fields === null) return { ...state, usage: event.usage };
  return { ...state, usage: event.usage, members: membersWith(state, fields) };
}

function renderEnd(usage: Usage | null, state: RenderState): Rendered {
  const done = { ...state, done: true };
  if (!state.context.streamUsage || usage === null) return [done, [DONE]];
  const block = JSON.stringify(renderUsage(usage));
  const head = state.head.replace('"usage":null,', "");
  const data = `${head}${state.members}${labelMember(state)}"choices":[],"usage":${block}}`;
  return [done, [{ data }, DONE]];
}

function headOf(id: string, created: number, context: RenderContext): string {
  const head = JSON.stringify({ id, object: "chat.completion.chunk", created, model: context.model });
  return `${head.slice(0, -1)},${context.streamUsage ? '"usage":null,' : ""}`;
}

function labelMember(state: RenderState): string {
  const { labels } = state.context;
  return labels === undefined ? "" : `"pointsman":${JSON.stringify(labels)},`;
}

/** Objects and lists describe the whole answer and go out once; plain values are repeated in every chunk. */
function withFields(state: RenderState, found: JsonObject | null): RenderState {
  if (found === null) return state;
  const entries = Object.entries(found).filter(([key]) => key !== "pointsman" || !state.context.labels);
  const plain = entries.filter(([, value]) => typeof value !== "object");
  const fields = Object.fromEntries(entries);
  return { ...state, fields, members: membersOf(Object.fromEntries(plain)) };
}

/** The repeated members with `own` in place of those of the same name, so that no name comes twice. */
function membersWith(state: RenderState, own: JsonObject | null): string {
  if (own === null) return state.members;
  const repeated = JSON.parse(`{${state.members.slice(0, -1)}}`);
  const labelled = state.context.labels === undefined ? own : { ...own, pointsman: undefined };
  return membersOf({ ...repeated, ...labelled });
}

function membersOf(fields: JsonObject | null): string {
  if (fields === null) return "";
  const json = JSON.stringify(fields);
  return json === "{}" ? "" : `${json.slice(1, -1)},`;
}
