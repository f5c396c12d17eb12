import { describe, expect, test } from "bun:test";
import type { ModelRequest } from "../core/request.ts";
import { anthropicMessages } from "./anthropic-messages.ts";
import { bedrockConverse } from "./bedrock-converse.ts";
import { FittingIds, hasMisfit, type IdRule } from "./fitting-ids.ts";
import { openaiChat } from "./openai-chat.ts";
import type { LowerTarget } from "./wire.ts";

const rule: IdRule = {
  fits: /^[a-z]+\d*$/,
  clean: (id) => id.toLowerCase(),
  make: (count) => `made${count}`,
};
type Json = Record<string, unknown>;

describe("ids that are sent", () => {
  test("are the own ones where they fit, and the same whatever comes after", () => {
    const ids = new FittingIds(rule);
    expect([ids.call("a"), ids.call("B"), ids.call("c.d")]).toEqual(["a", "b", "made0"]);
    expect([ids.result("c.d"), ids.result("a"), ids.result("B")]).toEqual(["made0", "a", "b"]);
  });

  test("are no two the same, in one turn or in several, and results follow in order", () => {
    const ids = new FittingIds(rule);
    expect([ids.call("a"), ids.result("a"), ids.call("a"), ids.result("a")]).toEqual([
      "a",
      "a",
      "made0",
      "made0",
    ]);
    expect([ids.call("b"), ids.call("b"), ids.call("made0")]).toEqual(["b", "made1", "made2"]);
    expect([ids.result("b"), ids.result("b"), ids.result("b")]).toEqual(["b", "made1", "made1"]);
    expect([ids.result("made0"), ids.result("nobodys")]).toEqual(["made2", "nobodys"]);
  });
});

test("a conversation is searched for calls alone", () => {
  const call = (id: string) => ({ type: "tool_call", id, name: "w", arguments: "{}" }) as const;
  const turns = (...ids: readonly string[]) =>
    ids.map((id) => ({ role: "assistant", content: [call(id)] }) as const);
  expect(hasMisfit(turns("a", "b"), rule)).toBe(false);
  expect(hasMisfit(turns("a", "b", "a"), rule)).toBe(true);
  expect(hasMisfit(turns("A.b"), rule)).toBe(true);
});

describe("what another provider's model called goes back on the caller's own wire", () => {
  const target = (modelId: string): LowerTarget => ({
    modelId,
    maxOutputTokens: 1000,
    capabilities: new Set(["tools", "reasoning", "prompt_caching"]),
    unsupported: new Set(),
  });
  const wires = { anthropicMessages, bedrockConverse };
  const lower = (wire: keyof typeof wires, body: Json, modelId: string): Json => {
    const parsed = wires[wire].parseRequest(body, { contract: {}, strict: true, target: "m" });
    if (!parsed.ok) throw new Error(parsed.fault.message);
    const lowered = wires[wire].lower(parsed.value, target(modelId));
    if (!lowered.ok) throw new Error(lowered.fault.message);
    return lowered.value.body;
  };
  const kept = { cache_control: { type: "ephemeral" } };
  const messages = (...ids: readonly string[]) => ({
    model: "m",
    max_tokens: 100,
    tools: [{ name: "w", input_schema: { type: "object" } }],
    messages: [
      { role: "user", content: "Hi" },
      ...ids.flatMap((id) => [
        { role: "assistant", content: [{ type: "tool_use", id, name: "w", input: {}, ...kept }] },
        { role: "user", content: [{ type: "tool_result", tool_use_id: id, content: "1" }] },
      ]),
    ],
  });
  const converse = (...ids: readonly string[]) => ({
    toolConfig: { tools: [{ toolSpec: { name: "w", inputSchema: { json: { type: "object" } } } }] },
    messages: [
      { role: "user", content: [{ text: "Hi" }] },
      ...ids.flatMap((toolUseId) => [
        { role: "assistant", content: [{ toolUse: { toolUseId, name: "w", input: {} } }] },
        {
          role: "user",
          content: [{ toolResult: { toolUseId, content: [{ text: "1" }], status: "success" } }],
        },
      ]),
    ],
  });

  test("with ids that Claude takes, and every other field of its blocks", () => {
    const expected = messages("functions_w_0", "0", "call_pointsman_0").messages;
    const sent = lower("anthropicMessages", messages("functions.w:0", "0", "0"), "claude-sonnet-4-5");
    expect(sent.messages).toEqual(expected);
  });

  test("with the very ids to whoever imitates the API, and where they fit", () => {
    const said = messages("functions.w:0", "0", "0");
    expect(lower("anthropicMessages", said, "kimi-k2").messages).toEqual(said.messages);
    const plain = messages("toolu_1", "toolu_2");
    expect(lower("anthropicMessages", plain, "claude-sonnet-4-5").messages).toBe(plain.messages);
  });

  test("with ids that Bedrock takes", () => {
    const sent = lower("bedrockConverse", converse("functions.w:0", "0", "0"), "anthropic.claude-sonnet-4-5");
    const expected = converse("call_pointsman_0", "0", "call_pointsman_1").messages;
    expect(sent.messages).toEqual(expected);
  });

  test("and so it does across wires", () => {
    const call = (id: string) => ({ id, type: "function", function: { name: "w", arguments: "{}" } });
    const turns = ["0", "0"].flatMap((id) => [
      { role: "assistant", tool_calls: [call(id)] },
      { role: "tool", tool_call_id: id, content: "1" },
    ]);
    const body = { model: "m", messages: [{ role: "user", content: "Hi" }, ...turns] };
    const parsed = openaiChat.parseRequest(body, { contract: {}, strict: false });
    if (!parsed.ok) throw new Error(parsed.fault.message);
    const ids = (wire: keyof typeof wires, request: ModelRequest): readonly string[] => {
      const lowered = wires[wire].lower(request, target("anthropic.claude-sonnet-4-5"));
      return JSON.stringify(lowered.ok && lowered.value.body.messages).match(/(?<=[iI]d":")[^"]*/g) ?? [];
    };
    const expected = ["0", "0", "call_pointsman_0", "call_pointsman_0"];
    expect(ids("anthropicMessages", parsed.value)).toEqual(expected);
    expect(ids("bedrockConverse", parsed.value)).toEqual(expected);
  });
});
