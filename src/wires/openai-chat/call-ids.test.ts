import { describe, expect, test } from "bun:test";
import { anthropicMessages } from "../anthropic-messages.ts";
import { openaiChat } from "../openai-chat.ts";
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
