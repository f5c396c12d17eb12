import { describe, expect, test } from "bun:test";
import type { StreamEvent } from "../core/events.ts";
import { anthropicMessages } from "./anthropic-messages.ts";
import { bedrockConverse } from "./bedrock-converse.ts";
import type { Frame } from "./frame.ts";
import { openaiChat } from "./openai-chat.ts";
import { openaiResponses } from "./openai-responses.ts";
import type { RenderContext, Wire } from "./wire.ts";

const CONTEXT: RenderContext = {
  requestId: "req_1",
  model: "large",
  createdAt: 1_758_000_000,
  streamUsage: false,
  estimatedInputTokens: 0,
  request: null,
};

function stream<Read, Render>(wire: Wire<Read, Render>, frames: readonly Frame[]): readonly StreamEvent[] {
  let state = wire.readStart();
  const events: StreamEvent[] = [];
  for (const frame of frames) {
    const [next, more] = wire.step(state, frame);
    state = next;
    events.push(...more);
  }
  return [...events, ...wire.flush(state)];
}

function chatAnswer(reason: string | null, calls: boolean): unknown {
  const call = { id: "c1", type: "function", function: { name: "f", arguments: "{}" } };
  const message = calls ? { content: null, tool_calls: [call] } : { content: "Hi" };
  return { id: "a", choices: [{ index: 0, message, finish_reason: reason }] };
}

function chatStream(reason: string | null): readonly Frame[] {
  const call = { index: 0, id: "c1", function: { name: "f", arguments: "{}" } };
  const choices = [
    { index: 0, delta: { tool_calls: [call] } },
    { index: 0, delta: {}, finish_reason: reason },
  ];
  const chunks = choices.map((choice) => ({ data: JSON.stringify({ id: "a", choices: [choice] }) }));
  return [...chunks, { data: "[DONE]" }];
}

const MESSAGE = {
  id: "msg_1",
  type: "message",
  role: "assistant",
  content: [{ type: "tool_use", id: "c1", name: "f", input: {} }],
  stop_reason: "end_turn",
};
const MESSAGE_STREAM: readonly Frame[] = [
  { type: "message_start", message: { ...MESSAGE, content: [], stop_reason: null } },
  { type: "content_block_start", index: 0, content_block: { type: "tool_use", id: "c1", name: "f" } },
  { type: "content_block_stop", index: 0 },
  { type: "message_delta", delta: { stop_reason: "end_turn" } },
  { type: "message_stop" },
].map((chunk) => ({ data: JSON.stringify(chunk) }));

const CONVERSE = {
  output: {
    message: { role: "assistant", content: [{ toolUse: { toolUseId: "c1", name: "f", input: {} } }] },
  },
  stopReason: "end_turn",
};
const CONVERSE_STREAM: readonly Frame[] = [
  { event: "messageStart", data: '{"role":"assistant"}' },
  {
    event: "contentBlockStart",
    data: '{"contentBlockIndex":0,"start":{"toolUse":{"toolUseId":"c1","name":"f"}}}',
  },
  { event: "contentBlockStop", data: '{"contentBlockIndex":0}' },
  { event: "messageStop", data: '{"stopReason":"end_turn"}' },
];

describe("an answer with calls that is said to have ended its turn", () => {
  const answers: Readonly<Record<string, readonly StreamEvent[]>> = {
    "openai-chat": openaiChat.readAnswer(chatAnswer("stop", true)),
    "openai-chat, streamed": stream(openaiChat, chatStream("stop")),
    "openai-chat, for no reason": openaiChat.readAnswer(chatAnswer(null, true)),
    "openai-chat, streamed for no reason": stream(openaiChat, chatStream(null)),
    "anthropic-messages": anthropicMessages.readAnswer(MESSAGE),
    "anthropic-messages, streamed": stream(anthropicMessages, MESSAGE_STREAM),
    "bedrock-converse": bedrockConverse.readAnswer(CONVERSE),
    "bedrock-converse, streamed": stream(bedrockConverse, CONVERSE_STREAM),
  };

  test.each(Object.entries(answers))("from %s, ended with its calls", (_, events) => {
    const end = events.find((event) => event.type === "choice_end");
    expect(end).toMatchObject({ reason: { unified: "tool_calls" } });
    expect(events.at(-1)).toMatchObject({ type: "finish", reason: { unified: "tool_calls" } });
  });

  test.each(Object.entries(answers))(
    "from %s, asks the callers of other dialects for results",
    (_, events) => {
      expect(anthropicMessages.renderAnswer(events, CONTEXT)).toMatchObject({ stop_reason: "tool_use" });
      expect(bedrockConverse.renderAnswer(events, CONTEXT)).toMatchObject({ stopReason: "tool_use" });
      expect(openaiResponses.renderAnswer(events, CONTEXT)).toMatchObject({ status: "completed" });
    },
  );

  test("keeps OpenAI's own word for OpenAI's callers: it says `stop` of a call that the request forced", () => {
    const finish = (reason: string | null) =>
      openaiChat.renderAnswer(openaiChat.readAnswer(chatAnswer(reason, true)), CONTEXT);
    expect(finish("stop")).toMatchObject({ choices: [{ finish_reason: "stop" }] });
    expect(finish("eos")).toMatchObject({ choices: [{ finish_reason: "tool_calls" }] });
    expect(finish(null)).toMatchObject({ choices: [{ finish_reason: "tool_calls" }] });
  });
});

test("an answer with calls that was cut short or filtered was not ended by them", () => {
  for (const [raw, unified] of [
    ["length", "length"],
    ["content_filter", "content_filter"],
  ] as const) {
    const events = openaiChat.readAnswer(chatAnswer(raw, true));
    expect(events.at(-1)).toMatchObject({ type: "finish", reason: { unified, raw } });
  }
});

describe("half a call whose end nobody stated", () => {
  const cut = (reason: string | null): Readonly<Record<string, readonly StreamEvent[]>> => {
    const call = {
      index: 0,
      id: "c1",
      type: "function",
      function: { name: "f", arguments: '{"parcel":"DE-' },
    };
    const message = { content: null, tool_calls: [call] };
    const choices = [
      { index: 0, delta: { tool_calls: [call] } },
      {
        index: 0,
        delta: { tool_calls: [{ index: 0, function: { arguments: "47" } }] },
        finish_reason: reason,
      },
    ];
    const chunks = choices.map((choice) => ({ data: JSON.stringify({ id: "a", choices: [choice] }) }));
    return {
      whole: openaiChat.readAnswer({ id: "a", choices: [{ index: 0, message, finish_reason: reason }] }),
      streamed: stream(openaiChat, [...chunks, { data: "[DONE]" }]),
    };
  };

  test.each([null, "", "finished"])("is malformed: %p", (reason) => {
    for (const events of Object.values(cut(reason))) {
      expect(events.at(-1)).toMatchObject({ type: "fault", fault: { code: "malformed_tool_call" } });
    }
  });

  test.each(["tool_calls", "length"])("is the caller's to judge where it was stated: %p", (reason) => {
    for (const events of Object.values(cut(reason))) expect(events.at(-1)).toMatchObject({ type: "finish" });
  });

  test("is malformed in a message, too, that ends with its block open", () => {
    const begun = MESSAGE_STREAM.slice(0, 2);
    const more = {
      type: "content_block_delta",
      index: 0,
      delta: { type: "input_json_delta", partial_json: "{" },
    };
    const events = stream(anthropicMessages, [
      ...begun,
      { data: JSON.stringify(more) },
      { data: '{"type":"message_stop"}' },
    ]);
    expect(events.at(-1)).toMatchObject({ type: "fault", fault: { code: "malformed_tool_call" } });
  });
});

test("an answer without calls stops as it is said to", () => {
  expect(openaiChat.readAnswer(chatAnswer("stop", false)).at(-1)).toMatchObject({
    reason: { unified: "stop" },
  });
  expect(openaiChat.readAnswer(chatAnswer(null, false)).at(-1)).toMatchObject({
    reason: { unified: "other" },
  });
});
