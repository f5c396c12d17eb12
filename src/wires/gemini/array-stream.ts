/**
 * Streams for callers whose query does not ask for server-sent events: one JSON array, of which each chunk is an element,
 * sent as it comes. Owns brackets, commas and which query asks for what; what an element says is render.ts's.
 */
import type { StreamEvent } from "../../core/events.ts";
import type { Frame } from "../frame.ts";
import { type Framing, sse } from "../framing.ts";
import type { RenderContext } from "../wire.ts";
import { type RenderState, renderGeminiEvent, renderGeminiStart } from "./render.ts";

export interface ArrayState {
  readonly chunks: RenderState;
  /** An element was told: the next one follows a comma. */
  readonly begun: boolean;
}

const encoder = new TextEncoder();

/** Frames are pieces of the array as they are. To who reads it as events it is one whole frame, as of any JSON. */
export const jsonArray: Framing = {
  ...sse,
  contentType: "application/json",
  encode: (frames) => encoder.encode(frames.map(({ data }) => data).join("")),
};

/** `query` is that of the URL, without its question mark. Google's default is JSON; `$alt` is another name of `alt`. */
export function asksForEvents(query: string): boolean {
  const asked = new URLSearchParams(query);
  return (asked.get("alt") ?? asked.get("$alt"))?.toLowerCase() === "sse";
}

export function renderArrayStart(context: RenderContext): ArrayState {
  return { chunks: renderGeminiStart(context), begun: false };
}

/** A fault is the last element, in the API's error shape. A stream that is cut off has no closing bracket. */
export function renderArrayEvent(
  event: StreamEvent,
  state: ArrayState,
): readonly [ArrayState, readonly Frame[]] {
  const [chunks, frames] = renderGeminiEvent(event, state.chunks);
  const ends = chunks.done && !state.chunks.done;
  const pieces = frames.map(({ data }, index) => {
    const before = state.begun || index > 0 ? ",\n" : "[";
    return { data: `${before}${data}\n${ends && index === frames.length - 1 ? "]" : ""}` };
  });
  return [{ chunks, begun: state.begun || pieces.length > 0 }, pieces];
}
