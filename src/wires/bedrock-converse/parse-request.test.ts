import { describe, expect, test } from "bun:test";
import type { ModelRequest } from "../../core/request.ts";
import { bedrockConverse } from "../bedrock-converse.ts";
import type { RequestHints } from "../wire.ts";
import { BODY, HI, HINTS, parse } from "./fake-request.ts";

describe("parseRequest", () => {
  test("the model is the path's", () => {
    const { target: _target, ...none } = HINTS;
    for (const [hints, code] of [
      [none, "missing_field"],
      [{ ...HINTS, target: "" }, "missing_field"],
      [{ ...HINTS, target: "a\r\nb" }, "invalid_value"],
      [{ ...HINTS, target: "m".repeat(2049) }, "invalid_value"],
    ] as const) {
      const refused = bedrockConverse.parseRequest(BODY, hints);
      expect(refused).toMatchObject({ ok: false, fault: { kind: "invalid", code, param: "modelId" } });
    }
  });

  test("reads every kind of block", () => {
    const video = { video: { format: "mp4", source: { s3Location: { uri: "s3://b/v.mp4" } } } };
    const served = {
      toolUse: { toolUseId: "s1", name: "nova_grounding", input: {}, type: "server_tool_use" },
    };
    const { messages } = parse({
      system: [{ text: "Be brief." }, { cachePoint: { type: "default", ttl: "1h" } }],
      messages: [
        {
          role: "user",
          content: [
            { text: "Look." },
            { document: { name: "notes", source: { content: [{ text: "a" }, { text: "b" }] } } },
            { document: { format: "md", name: "more", source: { text: "# c" } } },
            { guardContent: { text: { text: "Is it safe?", qualifiers: ["query"] } } },
            video,
          ],
        },
        {
          role: "assistant",
          content: [
            served,
            { citationsContent: { content: [{ text: "It " }, { text: "is." }], citations: [{}] } },
            { cachePoint: { type: "default" } },
          ],
        },
        { role: "user", content: [{ toolResult: { toolUseId: "t", content: [], status: "error" } }] },
      ],
    });
    expect(messages).toEqual([
      { role: "system", content: [{ type: "text", text: "Be brief.", cache: { ttl: "1h" } }] },
      {
        role: "user",
        content: [
          { type: "text", text: "Look." },
          {
            type: "document",
            name: "notes",
            source: { kind: "text", mediaType: "text/plain", text: "a\n\nb" },
          },
          {
            type: "document",
            name: "more",
            source: { kind: "text", mediaType: "text/markdown", text: "# c" },
          },
          { type: "text", text: "Is it safe?" },
          { type: "opaque", wire: "bedrock-converse", value: video },
        ],
      },
      {
        role: "assistant",
        content: [
          { type: "opaque", wire: "bedrock-converse", value: served },
          { type: "text", text: "It is.", cache: {} },
        ],
      },
      { role: "tool", content: [{ type: "tool_result", callId: "t", content: [], isError: true }] },
    ]);
  });

  test("a cache point that nothing can carry stays a block of its own", () => {
    const point = { cachePoint: { type: "default" } };
    const { messages } = parse({ messages: [{ role: "user", content: [point, { text: "Hi" }] }] });
    expect(messages[0]?.content[0]).toEqual({ type: "opaque", wire: "bedrock-converse", value: point });
  });

  test.each<[string, Record<string, unknown>, Partial<ModelRequest>]>([
    ["top_k of Claude", { top_k: 5 }, { sampling: { topK: 5 } }],
    ["topK of Nova", { inferenceConfig: { topK: 20 } }, { sampling: { topK: 20 } }],
    ["k of Cohere", { k: 7 }, { sampling: { topK: 7 } }],
    [
      "a budget",
      { thinking: { type: "enabled", budget_tokens: 2048 } },
      { reasoning: { budgetTokens: 2048 } },
    ],
    [
      "a budget by its other name",
      { reasoning_config: { type: "enabled", budget_tokens: 1024 } },
      { reasoning: { budgetTokens: 1024 } },
    ],
    ["no thinking", { thinking: { type: "disabled" } }, { reasoning: { budgetTokens: 0 } }],
    ["thinking by itself", { thinking: { type: "adaptive" } }, { reasoning: { effort: "high" } }],
    [
      "thinking with an effort",
      { thinking: { type: "adaptive" }, output_config: { effort: "max" } },
      { reasoning: { effort: "xhigh" } },
    ],
    [
      "effort of Nova",
      { reasoningConfig: { type: "enabled", maxReasoningEffort: "low" } },
      { reasoning: { effort: "low" } },
    ],
    ["effort of gpt-oss", { reasoning_effort: "medium" }, { reasoning: { effort: "medium" } }],
    [
      "single calls of Claude",
      { tool_choice: { type: "auto", disable_parallel_tool_use: true } },
      { parallelToolCalls: false },
    ],
    ["what is no such control", { top_k: "5", thinking: "yes", reasoning_effort: 3 }, { sampling: {} }],
  ])("reads %s from the model's own fields", (_, additionalModelRequestFields, expected) => {
    expect(parse({ ...BODY, additionalModelRequestFields })).toMatchObject(expected);
  });

  test("names what no other wire could honour", () => {
    const request = parse({
      ...BODY,
      messages: [
        {
          role: "user",
          content: [
            { guardContent: { text: { text: "x" } } },
            { document: { name: "d", source: { text: "y" }, citations: { enabled: true } } },
          ],
        },
      ],
      guardrailConfig: { guardrailIdentifier: "gr1" },
      promptVariables: {},
      inferenceConfig: { maxTokens: 5, minTokens: 2 },
      additionalModelRequestFields: { top_k: 5, anthropic_beta: ["x"] },
      toolConfig: { tools: [{ systemTool: { name: "nova_grounding" } }] },
      serviceTier: { type: "flex" },
      performanceConfig: { latency: "optimized" },
      additionalModelResponseFieldPaths: ["/stop_sequence"],
      requestMetadata: { team: "a" },
    });
    expect(bedrockConverse.beyondContract(request)).toEqual([
      "messages[0].content[1].document.citations",
      "guardrailConfig",
      "promptVariables",
      "inferenceConfig.minTokens",
      "additionalModelResponseFieldPaths",
      "serviceTier",
      "performanceConfig",
      "additionalModelRequestFields.anthropic_beta",
      "toolConfig.tools.systemTool",
      "guardContent",
    ]);
    expect(request.tools).toEqual([]);
    const usual = parse({
      ...BODY,
      serviceTier: { type: "default" },
      performanceConfig: { latency: "standard" },
    });
    expect(bedrockConverse.beyondContract(usual)).toEqual([]);
  });

  test("counting takes the conversation, or the body of another call", () => {
    const counting: RequestHints = { ...HINTS, operation: "count_tokens" };
    const request = parse({ input: { converse: { ...BODY, system: [{ text: "Be brief." }] } } }, counting);
    expect(request).toMatchObject({ operation: "count_tokens", messages: [{ role: "system" }, HI] });
    const packed = (body: unknown) => ({
      input: { invokeModel: { body: btoa(JSON.stringify(body)) } },
    });
    const messages = [{ role: "user", content: "Hi" }];
    expect(parse(packed({ messages, max_tokens: 1 }), counting)).toMatchObject({ messages: [HI] });
    for (const [body, code, param] of [
      [{}, "missing_field", "input"],
      [{ input: {} }, "missing_field", "input.converse"],
      [{ input: { converse: {} } }, "missing_field", "input.converse.messages"],
      [
        { input: { converse: { messages: [{ role: "user", content: [{}] }] } } },
        "missing_field",
        "input.converse.messages[0].content[0]",
      ],
      [{ input: { invokeModel: { body: "***" } } }, "invalid_value", "input.invokeModel.body"],
      [{ input: { invokeModel: { body: btoa("{") } } }, "invalid_json", "input.invokeModel.body"],
      [
        { input: { invokeModel: { body: btoa('{"__proto__":1}') } } },
        "forbidden_key",
        "input.invokeModel.body",
      ],
      [packed({ inputText: "Hi" }), "unsupported_value", "input.invokeModel.body"],
    ] as const) {
      expect(bedrockConverse.parseRequest(body, counting)).toMatchObject({
        ok: false,
        fault: { code, param },
      });
    }
  });
});
