import { describe, expect, test } from "bun:test";
import type { Message, ModelRequest } from "../../core/request.ts";
import { anthropicMessages } from "../anthropic-messages.ts";
import { openaiChat } from "../openai-chat.ts";
import type { LowerTarget } from "../wire.ts";
import { CHAT, CHAT_TOOL, chat, controls, lower, parse, says, TOOL, target } from "./fake-requests.ts";

describe("lower, from another wire", () => {
  test("a conversation of an OpenAI client becomes turns", () => {
    const call = (id: string, args: string) => ({
      id,
      type: "function",
      function: { name: "f", arguments: args },
    });
    const request = chat({
      messages: [
        { role: "system", content: "Be brief." },
        { role: "user", content: "Hi" },
        { role: "user", content: [{ type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } }] },
        { role: "developer", content: "Hurry." },
        {
          role: "assistant",
          content: "",
          reasoning_content: "Hm.",
          tool_calls: [call("c.1", '{"a":1}'), call("c:2", "{broken"), call("c3", "")],
        },
        { role: "tool", tool_call_id: "c.1", content: "One." },
        { role: "tool", tool_call_id: "c:2", content: "" },
        { role: "user", content: "Well?" },
        { role: "assistant", content: null, refusal: "No." },
        {
          role: "user",
          content: [
            { type: "file", file: { filename: "a.pdf", file_data: "data:application/pdf;base64,BBBB" } },
            { type: "file", file: { file_data: "data:text/csv;base64,YSxi" } },
          ],
        },
      ],
      tools: [CHAT_TOOL],
      parallel_tool_calls: false,
      user: "u-1",
    });
    const { body, warnings } = lower(request);
    expect(warnings).toEqual([]);
    expect(body).toEqual({
      model: "some-model",
      stream: false,
      max_tokens: 4096,
      metadata: { user_id: "u-1" },
      tools: [{ name: "f", input_schema: { type: "object" } }],
      tool_choice: { type: "auto", disable_parallel_tool_use: true },
      system: [
        { type: "text", text: "Be brief." },
        { type: "text", text: "Hurry." },
      ],
      messages: [
        {
          role: "user",
          content: [
            { type: "text", text: "Hi" },
            { type: "image", source: { type: "base64", media_type: "image/png", data: "AAAA" } },
          ],
        },
        {
          role: "assistant",
          content: [
            { type: "tool_use", id: "c_1", name: "f", input: { a: 1 } },
            { type: "tool_use", id: "c_2", name: "f", input: { _raw: "{broken" } },
            { type: "tool_use", id: "c3", name: "f", input: {} },
          ],
        },
        {
          role: "user",
          content: [
            { type: "tool_result", tool_use_id: "c_1", content: "One." },
            { type: "tool_result", tool_use_id: "c_2" },
            { type: "text", text: "Well?" },
          ],
        },
        { role: "assistant", content: "No." },
        {
          role: "user",
          content: [
            {
              type: "document",
              source: { type: "base64", media_type: "application/pdf", data: "BBBB" },
              title: "a.pdf",
            },
            { type: "document", source: { type: "text", media_type: "text/plain", data: "a,b" } },
          ],
        },
      ],
    });
  });

  test("a system prompt alone is sent as the user's turn, as one there must be", () => {
    const { body } = lower(chat({ messages: [{ role: "system", content: "Say hi." }] }));
    expect(body.messages).toEqual([{ role: "user", content: "Say hi." }]);
    expect(body).not.toHaveProperty("system");
  });

  test.each<[string, Record<string, unknown>, Record<string, unknown>, readonly string[]]>([
    ["a temperature beyond the scale", { temperature: 1.4 }, { temperature: 1 }, ["temperature"]],
    ["a temperature and a top_p", { temperature: 0.2, top_p: 0.9 }, { top_p: undefined }, ["top_p"]],
    ["a default beside a temperature", { temperature: 0.2, top_p: 1 }, { top_p: undefined }, []],
    ["a default beside a top_p", { temperature: 1, top_p: 0.9 }, { temperature: undefined, top_p: 0.9 }, []],
    ["a stop of white space", { stop: ["\n", "END"] }, { stop_sequences: ["END"] }, ["stop"]],
    ["only such stops", { stop: "\n" }, { stop_sequences: undefined }, ["stop"]],
    ["a seed", { seed: 7 }, { seed: undefined }, ["seed"]],
    ["choices", { n: 2 }, { n: undefined }, ["n"]],
    ["one choice", { n: 1 }, {}, []],
    ["penalties", { frequency_penalty: 0.5, presence_penalty: 0 }, {}, ["frequency_penalty"]],
    ["log probabilities", { logprobs: true }, {}, ["logprobs"]],
    ["a limit", { max_completion_tokens: 9 }, { max_tokens: 9 }, []],
    ["a choice of tools without tools", { tool_choice: "none" }, { tool_choice: undefined }, []],
    [
      "a named tool",
      { tools: [CHAT_TOOL], tool_choice: { type: "function", function: { name: "f" } } },
      { tool_choice: { type: "tool", name: "f" } },
      [],
    ],
  ])("%s", (_, extra, expected, lost) => {
    const lowered = lower(chat(extra));
    for (const [field, value] of Object.entries(expected)) expect(lowered.body[field]).toEqual(value);
    expect(controls(lowered)).toEqual([...lost]);
    expect(anthropicMessages.lower({ ...chat(extra), strict: true }, target()).ok).toBe(lost.length === 0);
  });

  const THINKS = { reasoning_effort: "high", max_completion_tokens: 30_000 };
  test.each<[string, string, Record<string, unknown>, Record<string, unknown>, readonly string[]]>([
    [
      "an effort for a model that takes one",
      "claude-opus-5-5",
      THINKS,
      { thinking: { type: "adaptive" }, output_config: { effort: "high" } },
      [],
    ],
    [
      "an effort as a budget for one that does not",
      "claude-sonnet-4-5",
      THINKS,
      { thinking: { type: "enabled", budget_tokens: 16_384 }, output_config: undefined },
      [],
    ],
    [
      "not below the least budget",
      "claude-sonnet-4-5",
      { reasoning_effort: "low", max_completion_tokens: 1100 },
      { thinking: { type: "enabled", budget_tokens: 1024 } },
      [],
    ],
    [
      "not without room",
      "claude-sonnet-4-5",
      { reasoning_effort: "low", max_completion_tokens: 1000 },
      { thinking: undefined },
      ["reasoning_effort"],
    ],
    ["none", "claude-sonnet-4-5", { reasoning_effort: "none" }, { thinking: { type: "disabled" } }, []],
    [
      "not with a tool that must be called",
      "claude-opus-5-5",
      { ...THINKS, tools: [CHAT_TOOL], tool_choice: "required" },
      { thinking: undefined, tool_choice: { type: "any" } },
      ["reasoning_effort"],
    ],
    [
      "not with sampling, which gives way",
      "claude-sonnet-4-5",
      { ...THINKS, temperature: 0.3 },
      { temperature: undefined, thinking: { type: "enabled", budget_tokens: 16_384 } },
      ["temperature"],
    ],
    [
      "with the default temperature",
      "claude-sonnet-4-5",
      { ...THINKS, temperature: 1 },
      { temperature: undefined },
      [],
    ],
    ["with a narrow top_p", "claude-sonnet-4-5", { ...THINKS, top_p: 0.5 }, { top_p: undefined }, ["top_p"]],
    ["with a wide top_p", "claude-sonnet-4-5", { ...THINKS, top_p: 0.97 }, { top_p: 0.97 }, []],
  ])("thinks: %s", (_, modelId, extra, expected, lost) => {
    const lowered = lower(chat(extra), target(modelId));
    for (const [field, value] of Object.entries(expected)) expect(lowered.body[field]).toEqual(value);
    expect(controls(lowered)).toEqual([...lost]);
  });

  test("a model that cannot think is not asked to", () => {
    const lowered = lower(chat(THINKS), target("m", ["reasoning"]));
    expect(lowered.body).not.toHaveProperty("thinking");
    expect(controls(lowered)).toEqual(["reasoning_effort"]);
  });

  test("a schema is closed and freed of what the API refuses, in words instead", () => {
    const schema = {
      $schema: "https://json-schema.org/draft/2020-12/schema",
      type: "object",
      properties: {
        total: { type: "number", minimum: 0, description: "In euros." },
        tags: { type: "array", minItems: 1, maxItems: 3, items: { oneOf: [{ type: "string" }] } },
      },
      required: ["total"],
    };
    const response_format = { type: "json_schema", json_schema: { name: "invoice", schema } };
    const { body, warnings } = lower(chat({ response_format }));
    expect(warnings).toEqual([]);
    expect(body.output_config).toEqual({
      format: {
        type: "json_schema",
        schema: {
          type: "object",
          properties: {
            total: { type: "number", description: "In euros. Must satisfy minimum: 0." },
            tags: {
              type: "array",
              minItems: 1,
              items: { anyOf: [{ type: "string" }] },
              description: "Must satisfy maxItems: 3.",
            },
          },
          required: ["total"],
          additionalProperties: false,
        },
      },
    });
  });

  test.each<[string, Record<string, unknown>, LowerTarget]>([
    ["JSON of any shape", { type: "json_object" }, target()],
    [
      "a map with free keys",
      {
        type: "json_schema",
        json_schema: { name: "m", schema: { type: "object", additionalProperties: { type: "number" } } },
      },
      target(),
    ],
    [
      "a server without formats",
      {
        type: "json_schema",
        json_schema: { name: "m", schema: { type: "object", properties: { a: { type: "string" } } } },
      },
      target("m", [], ["output_config"]),
    ],
  ])("%s is asked for in the system prompt", (_, response_format, to) => {
    const messages = [{ role: "system", content: "Be brief." }, ...CHAT.messages];
    const { body, warnings } = lower(chat({ response_format, messages }), to);
    expect(warnings).toEqual([]);
    expect(body).not.toHaveProperty("output_config");
    expect(body.system).toMatchObject([{ text: "Be brief." }, { text: expect.stringContaining("JSON") }]);
    expect(lower(chat({ response_format }), to).body.system).toBeString();
  });

  test("a strict tool is one only with a schema that can be enforced", () => {
    const tool = (name: string, parameters: object) => ({
      type: "function",
      function: { name, strict: true, parameters },
    });
    const closed = { type: "object", properties: { a: { type: "string" } }, additionalProperties: false };
    const lowered = lower(chat({ tools: [tool("f", closed), tool("g", { type: "object" })] }));
    expect(lowered.body.tools).toEqual([
      { name: "f", input_schema: closed, strict: true },
      { name: "g", input_schema: { type: "object" } },
    ]);
    expect(controls(lowered)).toEqual(["strict"]);
  });

  test("of many cache breakpoints the last four stay", () => {
    const cache = { ttl: "1h" } as const;
    const part = (text: string) => ({ type: "text", text, cache }) as const;
    const foreign: ModelRequest = {
      ...chat(),
      origin: { wire: "bedrock-converse", body: {}, rewritten: new Set() },
      tools: [{ name: "f", parameters: { type: "object" }, cache: {} }],
      messages: [
        { role: "system", content: [part("a")] },
        { role: "user", content: [part("b"), part("c"), part("d")] },
      ],
    };
    const lowered = lower(foreign);
    const marked = { cache_control: { type: "ephemeral", ttl: "1h" } };
    expect(lowered.body.tools).toEqual([{ name: "f", input_schema: { type: "object" } }]);
    expect(lowered.body.system).toMatchObject([marked]);
    expect(lowered.body.messages).toMatchObject([{ content: [marked, marked, marked] }]);
    expect(controls(lowered)).toEqual(["cachePoint"]);
    const without = lower(foreign, target("m", ["prompt_caching"]));
    expect(JSON.stringify(without.body)).not.toContain("cache_control");
    expect(controls(without)).toEqual(["cachePoint"]);
  });

  test("signed reasoning goes back to who signed it, and to nobody else", () => {
    const messages: readonly Message[] = [
      says("user", "Hi"),
      {
        role: "assistant",
        content: [
          { type: "reasoning", text: "Hm.", signature: "s" },
          { type: "reasoning", text: "", redacted: "r" },
          { type: "reasoning", text: "Unsigned." },
          { type: "reasoning", text: "Signed elsewhere.", signature: "gemini:CiQ" },
          { type: "reasoning", text: "", redacted: "openai-responses:gAAAA" },
          { type: "opaque", wire: "gemini", value: { type: "x" } },
          { type: "text", text: "Ho" },
        ],
      },
      says("user", "Well?"),
    ];
    const lowered = lower({ ...chat(), messages });
    expect(controls(lowered)).toEqual(["reasoning"]);
    expect(lowered.body.messages).toMatchObject([
      {},
      {
        content: [
          { type: "thinking", thinking: "Hm.", signature: "s" },
          { type: "redacted_thinking", data: "r" },
          { type: "text", text: "Ho" },
        ],
      },
      {},
    ]);
  });

  test("a document that the API cannot read is refused, as leaving it out would change the question", () => {
    const file = { type: "file", file: { file_data: "data:application/msword;base64,AAAA" } };
    const result = anthropicMessages.lower(chat({ messages: [{ role: "user", content: [file] }] }), target());
    expect(result).toMatchObject({
      ok: false,
      fault: { kind: "invalid", code: "unsupported_content", param: "messages[0].content" },
    });
  });
});

describe("the way to another wire", () => {
  test("a request of an Anthropic client reaches an OpenAI server", () => {
    const request = parse({
      system: [
        { type: "text", text: "Be brief.", cache_control: { type: "ephemeral" } },
        { type: "text", text: "Be kind." },
      ],
      stop_sequences: ["END"],
      temperature: 0.5,
      thinking: { type: "enabled", budget_tokens: 2048 },
      tools: [{ ...TOOL, description: "Does f." }],
      tool_choice: { type: "any", disable_parallel_tool_use: true },
      messages: [
        { role: "user", content: "Hi" },
        {
          role: "assistant",
          content: [
            { type: "thinking", thinking: "Hm.", signature: "s" },
            { type: "text", text: "I look." },
            { type: "tool_use", id: "toolu_1", name: "f", input: { a: 1 } },
          ],
        },
        {
          role: "user",
          content: [
            { type: "tool_result", tool_use_id: "toolu_1", content: "One." },
            { type: "text", text: "Well?" },
          ],
        },
      ],
    });
    const result = openaiChat.lower(request, target("gpt"));
    if (!result.ok) throw new Error(result.fault.message);
    expect(result.value.body).toMatchObject({
      model: "gpt",
      max_completion_tokens: 2000,
      temperature: 0.5,
      stop: ["END"],
      reasoning_effort: "low",
      parallel_tool_calls: false,
      tool_choice: "required",
      tools: [{ type: "function", function: { name: "f", description: "Does f." } }],
      messages: [
        { role: "system", content: [{ text: "Be brief." }, { text: "Be kind." }] },
        { role: "user", content: "Hi" },
        {
          role: "assistant",
          content: "I look.",
          tool_calls: [{ id: "toolu_1", function: { name: "f", arguments: '{"a":1}' } }],
        },
        { role: "tool", tool_call_id: "toolu_1", content: "One." },
        { role: "user", content: "Well?" },
      ],
    });
  });
});
