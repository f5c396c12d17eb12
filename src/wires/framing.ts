/** How frames travel as bytes, both ways. Owns the interface and server-sent events; knows no dialect. */
import type { FramingId } from "../core/deployment.ts";
import type { Fault } from "../core/faults.ts";
import type { Frame } from "./frame.ts";
import { createSseParser, encodeSse } from "./sse.ts";

/** Turns a body's bytes into frames, whatever the pieces they arrive in. */
export interface FrameParser {
  /** The frames that `bytes` completed, in order. The bytes are not kept past the call. */
  push(bytes: Uint8Array): readonly Frame[];
  /** The bytes ended: what was complete but not yet told. A torn frame is discarded. */
  end(): readonly Frame[];
  /** Set once when the bytes are not this framing or a frame is too large (`malformed`). */
  readonly fault: Fault | null;
}

export interface Framing {
  readonly id: FramingId;
  /** Of a response body. */
  readonly contentType: string;
  createParser(): FrameParser;
  /** All frames as one piece of the body. */
  encode(frames: readonly Frame[]): Uint8Array<ArrayBuffer>;
}

const encoder = new TextEncoder();

/** Server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html */
export const sse: Framing = {
  id: "sse",
  contentType: "text/event-stream; charset=utf-8",
  createParser() {
    const decoder = new TextDecoder("utf-8");
    const parser = createSseParser();
    return {
      push: (bytes) => parser.push(decoder.decode(bytes, { stream: true })),
      end: () => [...parser.push(decoder.decode()), ...parser.end()],
      get fault() {
        return parser.fault;
      },
    };
  },
  encode(frames) {
    let text = "";
    for (const frame of frames) text += encodeSse(frame);
    return encoder.encode(text);
  },
};
