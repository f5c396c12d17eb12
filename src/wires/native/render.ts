/** Events as the caller's native stream: one frame an event. Owns the frames; a whole answer is not its job. */
import type { StreamEvent } from "../../core/events.ts";
import type { Frame } from "../frame.ts";
import type { JsonObject, RenderContext } from "../wire.ts";
import { faultBody } from "./faults.ts";
import { renderReason, renderUsage } from "./usage.ts";

/** Immutable: most events hand the same object on. */
export interface RenderState {
  readonly context: RenderContext;
  readonly begun: boolean;
  readonly done: boolean;
}

type Rendered = readonly [RenderState, readonly Frame[]];

const NO_FRAMES: readonly Frame[] = [];

export function renderNativeStart(context: RenderContext): RenderState {
  return { context, begun: false, done: false };
}

export function renderNativeEvent(event: StreamEvent, state: RenderState): Rendered {
  if (state.done) return [state, NO_FRAMES];
  const frame = { event: event.type, data: dataOf(event, state.context) };
  if (event.type === "start") return [{ ...state, begun: true }, [frame]];
  const done = event.type === "finish" || event.type === "fault";
  if (state.begun) return [done ? { ...state, done } : state, [frame]];
  // Who answers is told first, whatever comes first from there.
  const start = { event: "start", data: dataOf({ type: "start" }, state.context) };
  return [{ ...state, begun: true, done }, [start, frame]];
}

function dataOf(event: StreamEvent, context: RenderContext): string {
  switch (event.type) {
    case "start":
      return JSON.stringify({
        type: "start",
        ...headOf(event, context),
        ...(event.extra && { extra: event.extra }),
      });
    case "text":
      if (event.logprobs === undefined && event.extra === undefined) {
        return `{"type":"text","choice":${event.choice},"text":${JSON.stringify(event.text)}}`;
      }
      return JSON.stringify(event);
    case "choice_end":
      return JSON.stringify({ ...event, reason: renderReason(event.reason) });
    case "usage":
      return JSON.stringify({ ...event, usage: renderUsage(event.usage) });
    case "finish": {
      const usage = event.usage === null ? null : renderUsage(event.usage);
      return JSON.stringify({
        type: "finish",
        reason: renderReason(event.reason),
        usage,
        ...labelsOf(context),
      });
    }
    case "fault":
      return JSON.stringify({ type: "fault", ...faultBody(event.fault, context.requestId) });
    default:
      return JSON.stringify(event);
  }
}

/** What a stream begins with, and a whole answer: who answers what. */
export function headOf(
  start: { readonly id?: string; readonly created?: number } | null,
  context: RenderContext,
): JsonObject {
  return {
    id: start?.id ?? context.requestId,
    created: start?.created ?? context.createdAt,
    model: context.model,
    ...(context.request !== null && { use_case: context.request.target }),
    ...labelsOf(context),
  };
}

/** Warnings stand for themselves; whatever else labels the answer is told together. */
function labelsOf({ labels }: RenderContext): JsonObject {
  if (labels === undefined) return {};
  const { warnings, ...rest } = labels;
  return {
    ...(Array.isArray(warnings) && { warnings }),
    ...(Object.keys(rest).length > 0 && { pointsman: rest }),
  };
}
