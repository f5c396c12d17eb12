import { describe, expect, test } from "bun:test";
import { CAPABILITIES } from "../core/contract.ts";
import { anthropicMessages } from "./anthropic-messages.ts";
import { bedrockConverse } from "./bedrock-converse.ts";
import { bedrockInvoke } from "./bedrock-invoke.ts";
import { openaiChat } from "./openai-chat.ts";
import type { LowerTarget, Wire } from "./wire.ts";

const CLAUDE = "anthropic.claude-sonnet-4-5-20250929-v1:0";
const SAID = "\n\n";

function lower<Read, Render>(
  from: Wire<Read, Render>,
  body: Readonly<Record<string, unknown>>,
  to: Pick<Wire<unknown, unknown>, "lower">,
  modelId = CLAUDE,
): unknown {
  const parsed = from.parseRequest(body, { contract: {}, strict: false, target: "m" });
  if (!parsed.ok) throw new Error(parsed.fault.message);
  const unsupported = new Set<string>();
  const target: LowerTarget = {
    modelId,
    maxOutputTokens: 1000,
    capabilities: new Set(CAPABILITIES),
    unsupported,
  };
  const lowered = to.lower(parsed.value, target);
  if (!lowered.ok) throw new Error(lowered.fault.message);
  return lowered.value.body.messages;
}

const CALL = { id: "call_1", type: "function", function: { name: "f", arguments: "{}" } };
const CHAT = {
  model: "m",
  tools: [{ type: "function", function: { name: "f", parameters: { type: "object" } } }],
  messages: [
    { role: "user", content: "q" },
    { role: "assistant", content: SAID, tool_calls: [CALL] },
    { role: "tool", tool_call_id: "call_1", content: " \n" },
  ],
};
const USE = { type: "tool_use", id: "call_1", name: "f", input: {} };
const RESULT = { role: "user", content: [{ type: "tool_result", tool_use_id: "call_1", content: "r" }] };
const MESSAGES = {
  model: "m",
  max_tokens: 50,
  tools: [{ name: "f", input_schema: { type: "object" } }],
  messages: [
    { role: "user", content: "q" },
    { role: "assistant", content: [{ type: "text", text: SAID }, USE] },
    RESULT,
  ],
};
const TOOL_USE = { toolUse: { toolUseId: "call_1", name: "f", input: {} } };
const TOOL_RESULT = {
  role: "user",
  content: [{ toolResult: { toolUseId: "call_1", content: [{ text: "r" }] } }],
};
const CONVERSE = {
  messages: [
    { role: "user", content: [{ text: "q" }] },
    { role: "assistant", content: [{ text: SAID }, TOOL_USE] },
    TOOL_RESULT,
  ],
  toolConfig: { tools: [{ toolSpec: { name: "f", inputSchema: { json: { type: "object" } } } }] },
};

describe("white space that a model said before a call", () => {
  test.each([
    ["Messages", anthropicMessages],
    ["InvokeModel", bedrockInvoke],
  ])("of a Chat caller is not sent to %s, nor is a result of nothing else", (_, to) => {
    const result = { type: "tool_result", tool_use_id: "call_1" };
    expect(lower(openaiChat, CHAT, to)).toEqual([
      { role: "user", content: "q" },
      { role: "assistant", content: [USE] },
      { role: "user", content: [result] },
    ]);
  });

  test("of Claude's own dialect is not sent to Claude", () => {
    const [question, , result] = MESSAGES.messages;
    const turns = [question, { role: "assistant", content: [USE] }, result];
    expect(lower(anthropicMessages, MESSAGES, anthropicMessages)).toEqual(turns);
    expect(MESSAGES.messages[1]?.content).toHaveLength(2);
    expect(lower(anthropicMessages, MESSAGES, anthropicMessages, "kimi-k2")).toBe(MESSAGES.messages);
  });

  test("of Converse's own dialect is sent to no model there", () => {
    const [question, , result] = CONVERSE.messages;
    const turns = [question, { role: "assistant", content: [TOOL_USE] }, result];
    expect(lower(bedrockConverse, CONVERSE, bedrockConverse)).toEqual(turns);
    expect(lower(bedrockConverse, CONVERSE, bedrockConverse, "amazon.nova-pro-v1:0")).toEqual(turns);
  });

  test("is all that a turn says: it stays, as a caller's own blank text does", () => {
    const blank = [{ type: "text", text: " " }];
    const messages = [
      { role: "user", content: blank },
      { role: "assistant", content: blank },
      { role: "user", content: "q" },
    ];
    expect(lower(anthropicMessages, { ...MESSAGES, messages }, anthropicMessages)).toEqual(messages);
  });
});

describe("white space at the end of a turn that Claude is to go on with", () => {
  const begun = (content: unknown) => [
    { role: "user", content: "q" },
    { role: "assistant", content },
  ];

  test.each([
    ["a text", "It is \n", "It is"],
    [
      "a block",
      [
        { type: "text", text: "a " },
        { type: "text", text: "b " },
      ],
      [
        { type: "text", text: "a " },
        { type: "text", text: "b" },
      ],
    ],
  ])("is not sent to it: %s", (_, content, sent) => {
    const messages = begun(content);
    expect(lower(anthropicMessages, { ...MESSAGES, messages }, anthropicMessages)).toEqual(begun(sent));
    expect(lower(anthropicMessages, { ...MESSAGES, messages }, anthropicMessages, "kimi-k2")).toBe(messages);
  });

  test("in every dialect", () => {
    const chat = { ...CHAT, messages: begun("It is ") };
    expect(lower(openaiChat, chat, anthropicMessages)).toEqual(begun("It is"));
    const converse = [
      { role: "user", content: [{ text: "q" }] },
      { role: "assistant", content: [{ text: "It is" }] },
    ];
    expect(lower(openaiChat, chat, bedrockConverse)).toEqual(converse);
    const own = [converse[0], { role: "assistant", content: [{ text: "It is\n" }] }];
    expect(lower(bedrockConverse, { messages: own }, bedrockConverse)).toEqual(converse);
  });
});
