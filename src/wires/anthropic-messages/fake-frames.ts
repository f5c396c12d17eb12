/** Frames of a stream of this wire, and what the wire makes of them. For tests alone. */
import type { StreamEvent } from "../../core/events.ts";
import { anthropicMessages } from "../anthropic-messages.ts";
import type { RenderContext, Wire } from "../wire.ts";

export type Json = Record<string, unknown>;

export const CONTEXT: RenderContext = {
  requestId: "req_7",
  model: "large",
  createdAt: 1_758_000_000,
  streamUsage: true,
  estimatedInputTokens: 17,
  request: null,
};
export const START = {
  type: "message_start",
  message: {
    id: "msg_1",
    type: "message",
    role: "assistant",
    model: "claude",
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: { input_tokens: 9, output_tokens: 1, service_tier: "priority", inference_geo: "eu" },
  },
};
export const STOP = { type: "message_stop" };
export const END = end("end_turn");

export function end(reason: string | null, more: Json = {}): Json {
  return {
    type: "message_delta",
    delta: { stop_reason: reason, stop_sequence: null },
    usage: { output_tokens: 4 },
    ...more,
  };
}

export function begin(index: number, block: Json): Json {
  return { type: "content_block_start", index, content_block: block };
}

export function delta(index: number, of: Json): Json {
  return { type: "content_block_delta", index, delta: of };
}

export const text = (index: number, said: string) => delta(index, { type: "text_delta", text: said });
export const json = (index: number, part: string) =>
  delta(index, { type: "input_json_delta", partial_json: part });
export const close = (index: number) => ({ type: "content_block_stop", index });
export const tool = (index: number, id: string) =>
  begin(index, { type: "tool_use", id, name: "f", input: {} });

export function read(...chunks: readonly unknown[]): readonly StreamEvent[] {
  let state = anthropicMessages.readStart();
  const events: StreamEvent[] = [];
  for (const chunk of chunks) {
    const data = typeof chunk === "string" ? chunk : JSON.stringify(chunk);
    const [next, more] = anthropicMessages.step(state, { data });
    state = next;
    events.push(...more);
  }
  return [...events, ...anthropicMessages.flush(state)];
}

export function render(events: readonly StreamEvent[], context = CONTEXT): readonly Json[] {
  return renderWith(anthropicMessages, events, context);
}

export function renderWith<Read, Render>(
  wire: Wire<Read, Render>,
  events: readonly StreamEvent[],
  context = CONTEXT,
): readonly Json[] {
  let state = wire.renderStart(context);
  const frames: Json[] = [];
  for (const event of events) {
    const [next, more] = wire.renderEvent(event, state);
    state = next;
    for (const { event: name, data } of more) {
      if (data === "[DONE]") continue;
      const frame: Json = JSON.parse(data);
      if (name !== undefined && name !== frame.type) throw new Error("a frame of another name");
      frames.push(frame);
    }
  }
  return frames;
}

export function whole(events: readonly StreamEvent[], context = CONTEXT): Json {
  return JSON.parse(JSON.stringify(anthropicMessages.renderAnswer(events, context)));
}
