/** An answer that broke off is told as one in every dialect: never with a reason that a complete one could have. */
import { describe, expect, test } from "bun:test";
import { NO_USAGE, type StreamEvent, type UnifiedFinish } from "../core/events.ts";
import { anthropicMessages } from "./anthropic-messages.ts";
import { bedrockConverse } from "./bedrock-converse.ts";
import { bedrockInvoke } from "./bedrock-invoke.ts";
import { gemini } from "./gemini.ts";
import { native } from "./native.ts";
import { openaiChat } from "./openai-chat.ts";
import { openaiResponses } from "./openai-responses.ts";
import type { RenderContext, Wire } from "./wire.ts";

const context: RenderContext = {
  requestId: "req_1",
  model: "large",
  createdAt: 1,
  streamUsage: false,
  estimatedInputTokens: 5,
  request: null,
};
/** Whatever a complete answer of text may end with. */
const COMPLETE: readonly UnifiedFinish[] = ["stop", "length", "tool_calls", "content_filter", "refusal"];

function said(unified: UnifiedFinish): readonly StreamEvent[] {
  const reason = { unified, raw: null };
  return [
    { type: "start" },
    { type: "text", choice: 0, text: "The parcel is" },
    { type: "choice_end", choice: 0, reason },
    { type: "finish", reason, usage: NO_USAGE },
  ];
}

function streamed<Read, Render>(wire: Wire<Read, Render>, events: readonly StreamEvent[]): string {
  let state = wire.renderStart(context);
  let text = "";
  for (const event of events) {
    const [after, frames] = wire.renderEvent(event, state);
    state = after;
    for (const { event: name, data } of frames) text += `${name ?? ""} ${data}\n`;
  }
  return text;
}

const wires = [
  anthropicMessages,
  bedrockConverse,
  bedrockInvoke,
  gemini,
  native,
  openaiChat,
  openaiResponses,
] as const;

describe.each(wires.map((wire) => [wire.id, wire as Wire<unknown, unknown>] as const))("%s", (_id, wire) => {
  test.each(COMPLETE)("whole: not as %s", (unified) => {
    const incomplete = JSON.stringify(wire.renderAnswer(said("incomplete"), context));
    expect(incomplete).toContain("The parcel is");
    expect(incomplete).not.toBe(JSON.stringify(wire.renderAnswer(said(unified), context)));
  });

  test.each(COMPLETE)("streamed: not as %s", (unified) => {
    expect(streamed(wire, said("incomplete"))).not.toBe(streamed(wire, said(unified)));
  });
});
