import { describe, expect, test } from "bun:test";
import type { Capability } from "../../core/contract.ts";
import type { ContentPart, ModelRequest } from "../../core/request.ts";
import { bedrockConverse } from "../bedrock-converse.ts";
import {
  BODY,
  call,
  foreign,
  HI,
  lower,
  NOVA,
  OPUS_5,
  parse,
  result,
  SONNET_4_5,
  TOOL,
  target,
  user,
} from "./fake-request.ts";

const OPUS_4_6 = "eu.anthropic.claude-opus-4-6-v1";

describe("controls of another wire", () => {
  test("structured output is the wire's own where the schema can be enforced, and words where not", () => {
    const schema = { type: "object", properties: { total: { type: "number", minimum: 0 } } };
    const asked = (responseFormat: ModelRequest["responseFormat"]) => lower(foreign({ responseFormat })).body;
    const { outputConfig } = asked({ type: "json_schema", name: "invoice", schema, strict: false });
    const structure = { jsonSchema: { name: "invoice", schema: expect.any(String) } };
    expect(outputConfig).toEqual({ textFormat: { type: "json_schema", structure } });
    expect(JSON.stringify(outputConfig)).toContain('\\"additionalProperties\\":false');
    const open = asked({
      type: "json_schema",
      name: "map",
      schema: { type: "object", additionalProperties: { type: "string" } },
      strict: false,
    });
    expect(open).not.toHaveProperty("outputConfig");
    expect(JSON.stringify(open.system)).toContain("JSON Schema");
    expect(JSON.stringify(asked({ type: "json" }).system)).toContain("one JSON object");
  });

  test("strict tools are those that can be enforced", () => {
    const strict = (parameters: Record<string, unknown>, without: readonly Capability[] = []) =>
      lower(foreign({ tools: [{ name: "f", parameters, strict: true }] }), target(SONNET_4_5, without));
    const schema = { type: "object", properties: { a: { type: "string" } } };
    expect(strict(schema).body.toolConfig).toMatchObject({
      tools: [
        { toolSpec: { strict: true, inputSchema: { json: { ...schema, additionalProperties: false } } } },
      ],
    });
    expect(strict(schema, ["json_schema"])).toMatchObject({
      body: { toolConfig: { tools: [{ toolSpec: { name: "f", inputSchema: { json: schema } } }] } },
      controls: ["strict"],
    });
    expect(strict({ type: "object", additionalProperties: true }).controls).toEqual(["strict"]);
  });

  test("strict tools of a caller of this wire are those of models that can be held to them", () => {
    const toolSpec = { name: "f", inputSchema: { json: { type: "object" } } };
    const strict = parse({ ...BODY, toolConfig: { tools: [{ toolSpec: { ...toolSpec, strict: true } }] } });
    expect(lower(strict, target(NOVA))).toEqual({ body: strict.origin.body, controls: [] });
    const loose = { ...BODY, toolConfig: { tools: [{ toolSpec }] } };
    expect(lower(strict, target(NOVA, ["json_schema"]))).toEqual({ body: loose, controls: ["strict"] });
  });

  test.each<[string, string, Partial<ModelRequest>, Record<string, unknown>, readonly string[]]>([
    [
      "a budget for a model that takes one",
      SONNET_4_5,
      { reasoning: { budgetTokens: 500 } },
      { additionalModelRequestFields: { thinking: { type: "enabled", budget_tokens: 1024 } } },
      [],
    ],
    [
      "an effort as a budget that leaves room",
      SONNET_4_5,
      { reasoning: { effort: "high" }, sampling: { maxTokens: 4000 } },
      {
        additionalModelRequestFields: { thinking: { type: "enabled", budget_tokens: 3000 } },
        inferenceConfig: { maxTokens: 4000 },
      },
      [],
    ],
    [
      "no thinking without room",
      SONNET_4_5,
      { reasoning: { effort: "high" }, sampling: { maxTokens: 1000 } },
      { inferenceConfig: { maxTokens: 1000 } },
      ["reasoning_effort"],
    ],
    [
      "an effort for a model that decides by itself",
      OPUS_5,
      { reasoning: { effort: "medium" } },
      {
        additionalModelRequestFields: { thinking: { type: "adaptive" } },
        outputConfig: { effort: "medium" },
      },
      [],
    ],
    [
      "no more than the first such model knows",
      OPUS_4_6,
      { reasoning: { effort: "xhigh" } },
      { additionalModelRequestFields: { thinking: { type: "adaptive" } }, outputConfig: { effort: "high" } },
      [],
    ],
    ["no thinking", OPUS_5, { reasoning: { effort: "none" } }, {}, []],
    [
      "an effort for Nova",
      NOVA,
      { reasoning: { effort: "medium" }, sampling: { topK: 9 } },
      {
        additionalModelRequestFields: {
          reasoningConfig: { type: "enabled", maxReasoningEffort: "medium" },
          inferenceConfig: { topK: 9 },
        },
      },
      [],
    ],
    [
      "an effort for an OpenAI model",
      "us.openai.gpt-5.2",
      { reasoning: { effort: "minimal" } },
      { additionalModelRequestFields: { reasoning: { effort: "minimal" } } },
      [],
    ],
    [
      "an effort for a model nothing is known of",
      "arn:aws:bedrock:eu-west-1:1:application-inference-profile/x",
      { reasoning: { effort: "minimal" }, sampling: { topK: 9 } },
      { outputConfig: { effort: "low" } },
      ["top_k"],
    ],
    [
      "a budget as an effort for a model nothing is known of, which is told",
      "arn:aws:bedrock:eu-west-1:1:application-inference-profile/x",
      { reasoning: { budgetTokens: 2048 } },
      { outputConfig: { effort: "low" } },
      ["reasoning_effort"],
    ],
    [
      "a budget as an effort for a model that is known to have no words of its own",
      "arn:aws:bedrock:eu-west-1::foundation-model/deepseek.v3-v1:0",
      { reasoning: { budgetTokens: 2048 } },
      { outputConfig: { effort: "low" } },
      [],
    ],
    [
      "no sampling while it thinks",
      SONNET_4_5,
      { reasoning: { budgetTokens: 2048 }, sampling: { temperature: 0.2, topK: 5, topP: 0.5 } },
      { additionalModelRequestFields: { thinking: { type: "enabled", budget_tokens: 2048 } } },
      ["temperature", "top_k", "top_p"],
    ],
    [
      "one of the two controls of which it takes one",
      SONNET_4_5,
      { sampling: { temperature: 0.2, topP: 0.5 } },
      { inferenceConfig: { temperature: 0.2 } },
      ["top_p"],
    ],
    [
      "no sampling for a model that has none",
      OPUS_5,
      { sampling: { temperature: 0.2, topK: 5, topP: 0.99 } },
      {},
      ["temperature", "top_k", "top_p"],
    ],
    [
      "no thinking when a tool must be called",
      SONNET_4_5,
      { reasoning: { budgetTokens: 2048 }, tools: [TOOL], toolChoice: { type: "required" } },
      { toolConfig: expect.any(Object) },
      ["reasoning_effort"],
    ],
    [
      "single calls",
      SONNET_4_5,
      { parallelToolCalls: false, tools: [TOOL], toolChoice: { type: "auto" } },
      {
        additionalModelRequestFields: { tool_choice: { type: "auto", disable_parallel_tool_use: true } },
        toolConfig: { tools: expect.any(Array) },
      },
      [],
    ],
    [
      "no single calls where the choice is forced",
      SONNET_4_5,
      { parallelToolCalls: false, tools: [TOOL], toolChoice: { type: "required" } },
      { toolConfig: expect.any(Object) },
      ["parallel_tool_calls"],
    ],
    [
      "a temperature beyond the scale",
      SONNET_4_5,
      { sampling: { temperature: 1.5, stop: ["END", " "] } },
      {
        inferenceConfig: { temperature: 1, stopSequences: ["END"] },
        additionalModelResponseFieldPaths: ["/stop_sequence"],
      },
      ["temperature", "stop"],
    ],
    [
      "nothing of what the wire lacks",
      NOVA,
      { sampling: { seed: 1, choices: 2, frequencyPenalty: 1, presencePenalty: 1, logprobs: 0 } },
      {},
      ["seed", "n", "frequency_penalty", "presence_penalty", "logprobs"],
    ],
    [
      "what says nothing",
      NOVA,
      { sampling: { choices: 1, frequencyPenalty: 0 }, parallelToolCalls: false },
      {},
      [],
    ],
  ])("sends %s", (_, modelId, change, expected, controls) => {
    const request = foreign(change);
    const found = lower(request, target(modelId));
    expect(found.body).toEqual({ messages: BODY.messages, ...expected });
    expect(found.controls).toEqual([...controls]);
    const strict = bedrockConverse.lower({ ...request, strict: true }, target(modelId));
    expect(strict.ok).toBe(controls.length === 0);
  });

  test("thinking goes on after a tool call only with the thinking before it", () => {
    const turn = (...before: readonly ContentPart[]): Partial<ModelRequest> => ({
      messages: [HI, { role: "assistant", content: [...before, call("c1", "{}")] }, user(result("c1"))],
      tools: [TOOL],
      reasoning: { budgetTokens: 2048 },
      origin: { wire: "anthropic-messages", body: {}, rewritten: new Set() },
    });
    const signed: ContentPart = { type: "reasoning", text: "Hm.", signature: "EqoB" };
    expect(lower(foreign(turn(signed))).body.additionalModelRequestFields).toBeDefined();
    const without = lower(foreign(turn()));
    expect(without.body).not.toHaveProperty("additionalModelRequestFields");
    expect(without.controls).toEqual(["thinking"]);
    const abroad = lower(foreign(turn({ ...signed, signature: "gemini:EqoB" })));
    expect(abroad.body).not.toHaveProperty("additionalModelRequestFields");
    expect(abroad.controls).toEqual(["reasoning", "thinking"]);
    expect(lower(foreign(turn()), target(OPUS_5)).controls).toEqual([]);
  });

  test("counting wraps the conversation alone", () => {
    const request = foreign({
      operation: "count_tokens",
      tools: [TOOL],
      sampling: { seed: 1, maxTokens: 5 },
    });
    expect(lower(request)).toEqual({
      body: {
        input: {
          converse: {
            messages: BODY.messages,
            toolConfig: {
              tools: [{ toolSpec: { name: "track_parcel", inputSchema: { json: TOOL.parameters } } }],
            },
          },
        },
      },
      controls: [],
    });
  });
});
