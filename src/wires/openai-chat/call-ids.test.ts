import { describe, expect, test } from "bun:test";
import { anthropicMessages } from "../anthropic-messages.ts";
import { openaiChat } from "../openai-chat.ts";
import { openaiResponses } from "../openai-responses.ts";
import type { LowerTarget } from "../wire.ts";

const target = (modelId: string, baseModel?: string): LowerTarget => ({
  modelId,
  baseModel,
  maxOutputTokens: 1000,
  capabilities: new Set(["tools", "parallel_tools"]),
  unsupported: new Set(),
  imitates: true,
});
const HINTS = { contract: {}, strict: false };

function own(...ids: readonly string[]) {
  return {
    model: "m",
    tools: [{ type: "function", function: { name: "w", parameters: { type: "object" } } }],
    messages: [
      { role: "user", content: "Hi" },
      ...ids.flatMap((id) => [
        {
          role: "assistant",
          prefix: true,
          tool_calls: [{ id, type: "function", function: { name: "w", arguments: "{}" } }],
        },
        { role: "tool", name: "w", tool_call_id: id, content: "1" },
      ]),
    ],
  };
}

function lower(
  body: unknown,
  to: LowerTarget,
  from: typeof openaiChat | typeof anthropicMessages = openaiChat,
) {
  const parsed = from.parseRequest(body, HINTS);
  if (!parsed.ok) throw new Error(parsed.fault.message);
  const lowered = openaiChat.lower(parsed.value, to);
  if (!lowered.ok) throw new Error(lowered.fault.message);
  return lowered.value.body.messages;
}

describe("Mistral's models take ids of nine letters or digits", () => {
  test.each([
    ["mistral-large-latest"],
    ["ministral-8b-2512"],
    ["mistralai/Mixtral-8x7B-Instruct-v0.1"],
    ["codestral-2508"],
    ["devstral-medium"],
    ["magistral-small"],
    ["pixtral-12b"],
  ])("%s", (model) => {
    const sent = lower(own("toolu_01abc", "D681PevKs", "0", "0"), target(model));
    expect(sent).toEqual(own("call00000", "D681PevKs", "call00001", "call00002").messages);
    const { tools: _tools, ...rest } = own("toolu_01abc");
    expect(lower(rest, target("prod-7", model))).toEqual(own("call00000").messages);
  });

  test("also of a caller of another dialect", () => {
    const body = {
      model: "m",
      max_tokens: 100,
      tools: [{ name: "w", input_schema: { type: "object" } }],
      messages: [
        { role: "user", content: "Hi" },
        { role: "assistant", content: [{ type: "tool_use", id: "toolu_01abc", name: "w", input: {} }] },
        { role: "user", content: [{ type: "tool_result", tool_use_id: "toolu_01abc", content: "1" }] },
      ],
    };
    expect(lower(body, target("mistral-large-latest"), anthropicMessages)).toMatchObject([
      {},
      { tool_calls: [{ id: "call00000" }] },
      { tool_call_id: "call00000" },
    ]);
  });

  test("others get the ids that the caller has", () => {
    const said = own("functions.w:0", "0", "0");
    expect(lower(said, target("kimi-k2"))).toBe(said.messages);
    const nine = own("D681PevKs", "abcDEF123");
    expect(lower(nine, target("mistral-large-latest"))).toBe(nine.messages);
  });
});

describe("OpenAI takes ids of 40 characters, vLLM's have 46", () => {
  const long = `chatcmpl-tool-${"0a".repeat(16)}`;
  const openai: LowerTarget = { ...target("gpt-4.1"), imitates: false };
  const digest = /^call_[0-9a-f]{32}$/;

  test("a longer one is sent as its digest, of call and result, whatever stands before", () => {
    const ids = (body: unknown) =>
      JSON.stringify(lower(body, openai)).match(/(?<="(?:id|tool_call_id)":")[^"]*/g);
    const [call, result] = ids(own(long)) ?? [];
    expect(call).toMatch(digest);
    expect(result).toBe(call ?? "");
    expect(ids(own("call_1", long))).toEqual(["call_1", "call_1", call ?? "", call ?? ""]);
    const other = ids(own(`${long}0`))?.[0];
    expect(other).toMatch(digest);
    expect(other).not.toBe(call);
  });

  test("also of a caller of another dialect", () => {
    const messages = [
      { role: "user", content: "Hi" },
      { role: "assistant", content: [{ type: "tool_use", id: long, name: "w", input: {} }] },
      { role: "user", content: [{ type: "tool_result", tool_use_id: long, content: "1" }] },
    ];
    const body = { model: "m", max_tokens: 9, tools: [{ name: "w", input_schema: { type: "object" } }] };
    expect(lower({ ...body, messages }, openai, anthropicMessages)).toMatchObject([
      {},
      { tool_calls: [{ id: expect.stringMatching(digest) }] },
      { tool_call_id: expect.stringMatching(digest) },
    ]);
  });

  test("others are sent as they are, as is every one to a server that imitates it", () => {
    const short = own("0", "0", "x".repeat(40));
    expect(lower(short, openai)).toBe(short.messages);
    const said = own(long);
    expect(lower(said, target("qwen3"))).toBe(said.messages);
  });
});

describe("OpenAI's Responses take ids of 64 characters", () => {
  const long = "y".repeat(65);
  const input = (id: string) => [
    { role: "user", content: "Hi" },
    { type: "function_call", call_id: id, name: "w", arguments: "{}" },
    { type: "function_call_output", call_id: id, output: "1" },
  ];
  const sent = (body: unknown, imitates: boolean, from: typeof openaiChat | typeof openaiResponses) => {
    const parsed = from.parseRequest(body, HINTS);
    if (!parsed.ok) throw new Error(parsed.fault.message);
    const lowered = openaiResponses.lower(parsed.value, { ...target("gpt-5"), imitates });
    if (!lowered.ok) throw new Error(lowered.fault.message);
    return lowered.value.body.input;
  };

  test("a longer one is sent as its digest, of callers of both dialects", () => {
    const calls = [
      {},
      { call_id: expect.stringMatching(/^call_[0-9a-f]{32}$/) },
      { call_id: expect.stringMatching(/^call_[0-9a-f]{32}$/) },
    ];
    expect(sent({ model: "m", input: input(long) }, false, openaiResponses)).toMatchObject(calls);
    expect(sent(own(long), false, openaiChat)).toMatchObject(calls);
  });

  test("others are sent as they are", () => {
    const short = { model: "m", input: input("y".repeat(64)) };
    expect(sent(short, false, openaiResponses)).toBe(short.input);
    const said = { model: "m", input: input(long) };
    expect(sent(said, true, openaiResponses)).toBe(said.input);
  });
});
