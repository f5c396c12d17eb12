import { describe, expect, test } from "bun:test";
import type { StreamEvent } from "../../core/events.ts";
import { anthropicMessages } from "../anthropic-messages.ts";
import { bedrockConverse } from "../bedrock-converse.ts";
import { gemini } from "../gemini.ts";
import { openaiChat } from "../openai-chat.ts";
import { openaiResponses } from "../openai-responses.ts";
import type { RenderContext, Wire } from "../wire.ts";

const CONTEXT: RenderContext = {
  requestId: "req_1",
  model: "large",
  createdAt: 1_758_000_000,
  streamUsage: true,
  estimatedInputTokens: 0,
  request: null,
};
const OFFSETS = { check_offset: 0, start_offset: 0, end_offset: 8 };
const SAFE = { hate: { filtered: false, severity: "safe" }, protected_material_text: { detected: true } };
const BLOCKED = { custom_blocklists: { filtered: true, details: [{ filtered: true, id: "names" }] } };
const TEXT = { index: 0, delta: { role: "assistant", content: "bad text" }, finish_reason: null };
const STOP = { index: 0, delta: {}, finish_reason: "stop" };
const USAGE = { prompt_tokens: 9, completion_tokens: 4, total_tokens: 13 };

/** Azure's annotations have no delta, and come in chunks without an id. */
const note = (results: unknown, reason: string | null = null) => ({
  index: 0,
  finish_reason: reason,
  content_filter_offsets: OFFSETS,
  content_filter_results: results,
});

function read(...choices: readonly unknown[]): readonly StreamEvent[] {
  let state = openaiChat.readStart();
  const events: StreamEvent[] = [];
  const chunks = [
    ...choices.map((choice) => ({ id: "c1", choices: [choice] })),
    { id: "c1", choices: [], usage: USAGE },
  ];
  for (const data of [...chunks.map((chunk) => JSON.stringify(chunk)), "[DONE]"]) {
    const [next, more] = openaiChat.step(state, { data });
    state = next;
    events.push(...more);
  }
  return [...events, ...openaiChat.flush(state)];
}

function render<Read, Render>(wire: Wire<Read, Render>, events: readonly StreamEvent[]): string {
  let state = wire.renderStart(CONTEXT);
  const data: string[] = [];
  for (const event of events) {
    const [next, frames] = wire.renderEvent(event, state);
    state = next;
    for (const frame of frames) data.push(frame.data);
  }
  return data.join("\n");
}

describe("a filter that finds something after the answer's end", () => {
  const found: Readonly<Record<string, readonly StreamEvent[]>> = {
    "by its results": read(TEXT, STOP, note(BLOCKED)),
    "by a later reason": read(TEXT, STOP, note(SAFE, "content_filter")),
    "by both": read(TEXT, STOP, note(BLOCKED, "content_filter")),
  };

  test.each(Object.entries(found))("%s, is told in every dialect", (_, events) => {
    expect(events.at(-1)).toMatchObject({ type: "finish", reason: { unified: "content_filter" } });
    expect(render(anthropicMessages, events)).toContain('"stop_reason":"refusal"');
    expect(render(anthropicMessages, events)).not.toContain('"stop_reason":"end_turn"');
    expect(render(bedrockConverse, events)).toContain('"stopReason":"content_filtered"');
    expect(render(bedrockConverse, events)).not.toContain('"stopReason":"end_turn"');
    expect(render(gemini, events)).toContain('"finishReason":"SAFETY"');
    expect(render(gemini, events)).not.toContain('"finishReason":"STOP"');
    expect(render(openaiResponses, events)).toContain('"incomplete_details":{"reason":"content_filter"}');
    expect(openaiChat.renderAnswer(events, CONTEXT)).toMatchObject({
      choices: [{ finish_reason: "content_filter", content_filter_offsets: OFFSETS }],
    });
  });

  test.each(Object.entries(found))("%s, corrects the end that OpenAI's callers were told", (_, events) => {
    const ends = render(openaiChat, events).match(/"finish_reason":"[a-z_]+"/g);
    expect(ends).toEqual(['"finish_reason":"stop"', '"finish_reason":"content_filter"']);
    expect(render(openaiChat, events)).toContain(JSON.stringify(OFFSETS));
  });
});

test("a late annotation that lets the answer pass reaches callers of the same wire, and no others", () => {
  const events = read(TEXT, STOP, note(SAFE));
  expect(events.at(-1)).toMatchObject({ type: "finish", reason: { unified: "stop", raw: "stop" } });
  const chunks = render(openaiChat, events);
  expect(chunks).toContain(JSON.stringify(SAFE));
  expect(chunks.match(/"finish_reason":"[a-z_]+"/g)).toEqual(['"finish_reason":"stop"']);
  for (const wire of [anthropicMessages, bedrockConverse, gemini]) {
    const plain = read(TEXT, STOP);
    expect(render<unknown, unknown>(wire, events)).toBe(render<unknown, unknown>(wire, plain));
  }
});

test("results that were filtered before the end make it a filtered one", () => {
  expect(read(TEXT, note(BLOCKED), STOP).at(-1)).toMatchObject({ reason: { unified: "content_filter" } });
  const choice = {
    index: 0,
    message: { content: "bad" },
    finish_reason: "stop",
    content_filter_results: BLOCKED,
  };
  const whole = openaiChat.readAnswer({ id: "c1", choices: [choice] });
  expect(whole.at(-1)).toMatchObject({ reason: { unified: "content_filter", raw: "stop" } });
});

test("an answer of nothing but a late verdict is a filtered one, not an empty one", () => {
  expect(read(STOP, note(BLOCKED)).at(-1)).toMatchObject({
    type: "finish",
    reason: { unified: "content_filter" },
  });
});

test("what says nothing new after the end is passed over", () => {
  const blank = { index: 0, delta: { content: "" }, finish_reason: null };
  expect(read(TEXT, STOP, STOP, blank)).toEqual(read(TEXT, STOP));
});

test("what was filtered has no more content", () => {
  const more = { index: 0, delta: { content: "MORE" }, finish_reason: null };
  const filtered = { index: 0, delta: {}, finish_reason: "content_filter" };
  expect(read(TEXT, filtered, more)).toEqual(read(TEXT, filtered));
});
