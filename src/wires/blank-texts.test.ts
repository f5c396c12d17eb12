import { describe, expect, test } from "bun:test";
import { CAPABILITIES } from "../core/contract.ts";
import { withMessages } from "../core/request.ts";
import { anthropicMessages } from "./anthropic-messages.ts";
import { bedrockConverse } from "./bedrock-converse.ts";
import { bedrockInvoke } from "./bedrock-invoke.ts";
import { EMPTY_TURN } from "./blank-texts.ts";
import { gemini } from "./gemini.ts";
import { openaiChat } from "./openai-chat.ts";
import type { LowerTarget, Wire } from "./wire.ts";

const CLAUDE = "anthropic.claude-sonnet-4-5-20250929-v1:0";
const SAID = "\n\n";
const THOUGHT = { type: "thinking", thinking: "hm", signature: "" };
const PROMPT = "Be short.";

function lower<Read, Render>(
  from: Wire<Read, Render>,
  body: Readonly<Record<string, unknown>>,
  to: Pick<Wire<unknown, unknown>, "lower">,
  modelId = CLAUDE,
  prompt: string | null = null,
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
  const { value } = parsed;
  const own = { role: "system", content: [{ type: "text", text: prompt ?? "" }] } as const;
  const request = prompt === null ? value : withMessages(value, [own, ...value.messages]);
  const lowered = to.lower(request, target);
  if (!lowered.ok) throw new Error(lowered.fault.message);
  return lowered.value.body.messages ?? lowered.value.body.contents;
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

  test.each([
    ["a text", ""],
    ["a block", [{ type: "text", text: " " }]],
    ["a block beside thoughts that nobody signed", [THOUGHT, { type: "text", text: SAID }]],
    ["nothing", []],
  ])("is all that a turn says: it is not sent, while a caller's own blank text is (%s)", (_, content) => {
    const first = { role: "user", content: [{ type: "text", text: " " }] };
    const last = { role: "user", content: "q" };
    const messages = [first, { role: "assistant", content }, last];
    for (const prompt of [null, PROMPT]) {
      const body = { ...MESSAGES, messages };
      const sent = JSON.stringify(lower(anthropicMessages, body, anthropicMessages, CLAUDE, prompt));
      expect(sent).not.toContain("assistant");
      expect(sent).toMatch(/" ".*"q"/);
    }
  });

  test.each([
    ["a blank text", [{ text: "" }]],
    ["thoughts that nobody signed", [{ reasoningContent: { reasoningText: { text: "hm" } } }]],
  ])("is all that a turn of Converse says: its neighbours are one (%s)", (_, content) => {
    const [first, second] = [{ text: "q" }, { text: "r" }];
    const messages = [
      { role: "user", content: [first] },
      { role: "assistant", content },
      { role: "user", content: [second] },
    ];
    for (const prompt of [null, PROMPT]) {
      expect(lower(bedrockConverse, { messages }, bedrockConverse, CLAUDE, prompt)).toEqual([
        { role: "user", content: [first, second] },
      ]);
    }
  });

  test("is all that a turn of Gemini says: what has no text at all is not sent, but for a signature", () => {
    const contents = [
      { role: "user", parts: [{ text: "q" }] },
      { role: "model", parts: [{ text: "" }] },
      { role: "user", parts: [{ text: "r" }] },
      { role: "model", parts: [{ text: "" }, { text: "s" }, { text: "", thoughtSignature: "c2ln" }] },
      { role: "user", parts: [{ text: "" }] },
    ];
    const [q, , r, s, end] = contents;
    for (const prompt of [null, PROMPT]) {
      expect(lower(gemini, { contents }, gemini, "gemini-2.5-pro", prompt)).toEqual([
        q,
        r,
        { ...s, parts: s?.parts.slice(1) },
        end,
      ]);
    }
  });
});

describe("a user's turn of nothing but white space", () => {
  const last = (content: unknown, ...before: readonly unknown[]) => ({
    model: "m",
    messages: [
      { role: "user", content: "q" },
      { role: "assistant", content: "Hi. " },
      ...before,
      { role: "user", content },
    ],
  });

  test.each(["", "\n", [[{ type: "text", text: " " }]]])("is sent as one that says so: %j", (content) => {
    const chat = last(content);
    const text = EMPTY_TURN;
    const turns = [{ role: "user" }, { role: "assistant" }];
    expect(lower(openaiChat, chat, anthropicMessages)).toMatchObject([
      ...turns,
      { role: "user", content: text },
    ]);
    const blocks = { role: "user", content: [{ text }] };
    expect(lower(openaiChat, chat, bedrockConverse)).toMatchObject([...turns, blocks]);
    const parts = content === "" ? [{ text }] : [{ text: expect.any(String) }];
    expect(lower(openaiChat, chat, gemini, "gemini-2.5-pro")).toMatchObject([
      { role: "user" },
      { role: "model" },
      { role: "user", parts },
    ]);
  });

  test("is left out beside what the user says as well", () => {
    const chat = last("\n", { role: "user", content: "And?" });
    expect(lower(openaiChat, chat, anthropicMessages)).toMatchObject([{}, {}, { content: "And?" }]);
    expect(lower(openaiChat, chat, bedrockConverse)).toMatchObject([{}, {}, { content: [{ text: "And?" }] }]);
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
    const hidden = "arn:aws:bedrock:eu-west-1:1:application-inference-profile/x";
    for (const model of [CLAUDE, hidden]) {
      expect(lower(openaiChat, chat, bedrockConverse, model)).toEqual(converse);
    }
    const own = [converse[0], { role: "assistant", content: [{ text: "It is\n" }] }];
    expect(lower(bedrockConverse, { messages: own }, bedrockConverse)).toEqual(converse);
  });
});
