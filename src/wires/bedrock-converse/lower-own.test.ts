import { describe, expect, test } from "bun:test";
import { withMessages } from "../../core/request.ts";
import { bedrockConverse } from "../bedrock-converse.ts";
import { BODY, HINTS, lower, NOVA, OPUS_5, parse, target, text, user } from "./fake-request.ts";

describe("a request of the same wire", () => {
  test("keeps the body, without the contract's own metadata", () => {
    const sent = {
      ...BODY,
      guardrailConfig: { guardrailIdentifier: "gr1", guardrailVersion: "1" },
      promptVariables: { a: { text: "b" } },
      additionalModelResponseFieldPaths: ["/stop_sequence"],
    };
    const metadata = { pointsman_task_type: "chat" };
    expect(lower(parse({ ...sent, requestMetadata: metadata }))).toEqual({ body: sent, controls: [] });
    const { body } = lower(parse({ ...sent, requestMetadata: { ...metadata, order: "17" } }));
    expect(body).toEqual({ ...sent, requestMetadata: { order: "17" } });
  });

  test("rewritten sections are rendered anew, the others stay as they came", () => {
    const request = parse({
      ...BODY,
      system: [{ text: "Long." }],
      inferenceConfig: { maxTokens: 9, temperature: 1, minTokens: 2 },
      outputConfig: {
        effort: "low",
        textFormat: { type: "json_schema", structure: { jsonSchema: { schema: "{}" } } },
      },
      toolConfig: { tools: [{ toolSpec: { name: "f", inputSchema: { json: {} } } }] },
    });
    const shorter = withMessages(request, [user(text("Ho"))]);
    const rewritten = new Set(["messages", "sampling", "responseFormat"] as const);
    const { body } = lower({
      ...shorter,
      sampling: { maxTokens: 5 },
      responseFormat: { type: "text" },
      origin: { ...request.origin, rewritten },
    });
    expect(body).toEqual({
      messages: [{ role: "user", content: [{ text: "Ho" }] }],
      inferenceConfig: { maxTokens: 5, minTokens: 2 },
      outputConfig: { effort: "low" },
      toolConfig: request.origin.body.toolConfig,
    });
  });

  test.each(["thinking", "reasoning_config"])("%s alone tells that a hidden profile is Claude's", (name) => {
    const hidden = target("arn:aws:bedrock:eu-west-1:1:application-inference-profile/x");
    const fields = { [name]: { type: "enabled", budget_tokens: 2048 } };
    const asked = parse({
      ...BODY,
      inferenceConfig: { maxTokens: 8000 },
      additionalModelRequestFields: fields,
    });
    const sampled = { ...asked.origin, rewritten: new Set(["sampling"] as const) };
    const warm = { ...asked, sampling: { maxTokens: 8000, temperature: 0.2 }, origin: sampled };
    expect(lower(warm, hidden)).toEqual({
      body: asked.origin.body,
      controls: ["inferenceConfig.temperature"],
    });
    const thought = { reasoningContent: { reasoningText: { text: "Hm.", signature: "gemini:EqoB" } } };
    const messages = [...BODY.messages, { role: "assistant", content: [thought, { text: "Ho" }] }];
    const foreignThought = parse({ messages, additionalModelRequestFields: fields });
    expect(lower(foreignThought, hidden)).toEqual({
      body: {
        messages: [...BODY.messages, { role: "assistant", content: [{ text: "Ho" }] }],
        additionalModelRequestFields: fields,
      },
      controls: ["reasoning"],
    });
  });

  describe("an effort beside a budget for which a lower limit has no room", () => {
    const OPUS_4_5 = "anthropic.claude-opus-4-5-20251101-v1:0";
    const HIDDEN = "arn:aws:bedrock:eu-west-1:1:application-inference-profile/x";
    const budget = (tokens: number) => ({ thinking: { type: "enabled", budget_tokens: tokens } });
    const output_config = { effort: "low", format: { type: "json_schema" } };
    const limited = (maxTokens: number) => {
      const asked = parse({ ...BODY, additionalModelRequestFields: { ...budget(4000), output_config } });
      const origin = { ...asked.origin, rewritten: new Set(["sampling"] as const) };
      return { ...asked, sampling: { maxTokens }, origin };
    };
    const sent = (fields: Record<string, unknown>, maxTokens: number, controls: readonly string[]) => ({
      body: { ...BODY, inferenceConfig: { maxTokens }, additionalModelRequestFields: fields },
      controls,
    });

    test.each([OPUS_4_5, "anthropic.claude-opus-4-6-v1", HIDDEN])("stays for %s", (modelId) => {
      const to = target(modelId);
      expect(lower(limited(3000), to)).toEqual(sent({ ...budget(2250), output_config }, 3000, []));
      expect(lower(limited(500), to)).toEqual(sent({ output_config }, 500, ["reasoning_effort"]));
    });

    test("goes where the model takes none, and the budget says as much", () => {
      const { format } = output_config;
      expect(lower(limited(3000))).toEqual(sent({ ...budget(2250), output_config: { format } }, 3000, []));
    });
  });

  test("thinking that is reworded is told as the caller wants it", () => {
    const thinking = { type: "enabled", budget_tokens: 4000, display: "summarized" };
    const request = parse({ ...BODY, additionalModelRequestFields: { thinking } });
    const { body } = lower(request, target("anthropic.claude-opus-4-8-v1:0"));
    expect(body.additionalModelRequestFields).toEqual({
      thinking: { type: "adaptive", display: "summarized" },
    });
  });

  describe("a model that does not think is asked for no thinking", () => {
    const TWO = { type: "enabled", budget_tokens: 2048 };
    const LEFT = { anthropic_beta: ["x"] };

    test.each<[string, Record<string, unknown>]>([
      ["anthropic.claude-3-5-sonnet-20241022-v2:0", { thinking: TWO }],
      ["anthropic.claude-3-5-sonnet-20241022-v2:0", { reasoning_config: TWO }],
      [NOVA, { reasoningConfig: { type: "enabled", maxReasoningEffort: "low" } }],
      ["meta.llama4-maverick-17b-instruct-v1:0", { reasoning_effort: "low" }],
      ["arn:aws:bedrock:eu-west-1:1:application-inference-profile/x", { thinking: TWO }],
    ])("%s: %o", (modelId, fields) => {
      const request = parse({ ...BODY, additionalModelRequestFields: { ...LEFT, ...fields } });
      expect(lower(request, target(modelId, ["reasoning"]))).toEqual({
        body: { ...BODY, additionalModelRequestFields: LEFT },
        controls: ["reasoning_effort"],
      });
    });

    test("nor for an effort in the words of Converse, and to want none loses nothing", () => {
      const to = target(OPUS_5, ["reasoning"]);
      const textFormat = { type: "json_schema", structure: { jsonSchema: { schema: "{}" } } };
      const effort = parse({ ...BODY, outputConfig: { effort: "low", textFormat } });
      expect(lower(effort, to)).toEqual({
        body: { ...BODY, outputConfig: { textFormat } },
        controls: ["reasoning_effort"],
      });
      const off = parse({ ...BODY, additionalModelRequestFields: { thinking: { type: "disabled" } } });
      expect(lower(off, to)).toEqual({ body: BODY, controls: [] });
    });
  });

  test("another model of Bedrock gets its own spelling of what was written for the first", () => {
    const claude = parse({
      ...BODY,
      inferenceConfig: { maxTokens: 8000 },
      additionalModelRequestFields: {
        top_k: 5,
        thinking: { type: "enabled", budget_tokens: 2048 },
        anthropic_beta: ["x"],
      },
    });
    expect(lower(claude).body).toEqual(claude.origin.body);
    expect(lower(claude, target("arn:aws:bedrock:eu-west-1:1:application-inference-profile/x")).body).toEqual(
      claude.origin.body,
    );
    expect(lower(claude, target(NOVA)).body.additionalModelRequestFields).toEqual({
      inferenceConfig: { topK: 5 },
      reasoningConfig: { type: "enabled", maxReasoningEffort: "low" },
      anthropic_beta: ["x"],
    });
    const adaptive = lower(claude, target(OPUS_5)).body;
    expect(adaptive.additionalModelRequestFields).toEqual({
      thinking: { type: "adaptive" },
      anthropic_beta: ["x"],
    });
    expect(adaptive.outputConfig).toEqual({ effort: "low" });
    expect(lower(claude, target("meta.llama4-maverick-17b-instruct-v1:0")).body).toEqual(claude.origin.body);
    expect(lower(claude, target("openai.gpt-oss-120b-1:0"))).toMatchObject({
      body: { additionalModelRequestFields: { reasoning_effort: "low" } },
      controls: ["top_k"],
    });
  });

  test("blocks that the model refuses are left out", () => {
    const point = { cachePoint: { type: "default" } };
    const thought = (signature?: string) => ({
      reasoningContent: { reasoningText: { text: "Hm.", ...(signature && { signature }) } },
    });
    const sent = {
      system: [{ text: "Be brief." }, point],
      messages: [
        { role: "user", content: [{ text: "Hi" }, point] },
        { role: "assistant", content: [thought(), thought("EqoB"), { text: "Ho" }] },
      ],
      toolConfig: { tools: [{ toolSpec: { name: "f", inputSchema: { json: {} } } }, point] },
    };
    const before = structuredClone(sent);
    expect(lower(parse(sent), target(NOVA)).body).toEqual(sent);
    expect(lower(parse(sent)).body.messages).toEqual([
      sent.messages[0],
      { role: "assistant", content: [thought("EqoB"), { text: "Ho" }] },
    ]);
    const plain = lower(parse(sent), target(NOVA, ["prompt_caching", "reasoning"]));
    expect(plain.body).toEqual({
      system: [{ text: "Be brief." }],
      messages: [
        { role: "user", content: [{ text: "Hi" }] },
        { role: "assistant", content: [{ text: "Ho" }] },
      ],
      toolConfig: { tools: [{ toolSpec: { name: "f", inputSchema: { json: {} } } }] },
    });
    expect(plain.controls).toEqual(["cachePoint"]);
    expect(sent).toEqual(before);
  });

  test.each<[string, Record<string, unknown>]>([
    ["signed", { reasoningText: { text: "Hm.", signature: "gemini:EqoB" } }],
    ["encrypted", { redactedContent: btoa("openai-responses:gAAA") }],
  ])(
    "Claude is not sent what another provider %s, and does not think without its own",
    (_, reasoningContent) => {
      const toolUse = { toolUseId: "c1", name: "f", input: {} };
      const tools = [{ toolSpec: { name: "f", inputSchema: { json: {} } } }];
      const asked = (before: Record<string, unknown>) =>
        parse({
          inferenceConfig: { maxTokens: 8000 },
          additionalModelRequestFields: { thinking: { type: "enabled", budget_tokens: 2048 } },
          toolConfig: { tools },
          messages: [
            ...BODY.messages,
            { role: "assistant", content: [{ reasoningContent: before }, { toolUse }] },
            { role: "user", content: [{ toolResult: { toolUseId: "c1", content: [{ text: "1" }] } }] },
          ],
        });
      const profile = target("arn:aws:bedrock:eu-west-1:1:application-inference-profile/x");
      for (const to of [target(), profile]) {
        const { body, controls } = lower(asked(reasoningContent), to);
        expect(body.messages).toMatchObject([{}, { content: [{ toolUse }] }, {}]);
        expect(body).not.toHaveProperty("additionalModelRequestFields");
        expect(controls).toEqual(["reasoning", "reasoning_effort"]);
        for (const own of [
          { redactedContent: "EmwKAhgB" },
          { reasoningText: { text: "", signature: "EqoB" } },
        ]) {
          const request = asked(own);
          expect(lower(request, to)).toEqual({ body: request.origin.body, controls: [] });
        }
      }
      const next = lower(asked(reasoningContent), target("anthropic.claude-opus-4-8-v1:0"));
      expect(next.body.additionalModelRequestFields).toEqual({ thinking: { type: "adaptive" } });
      expect(next.controls).toEqual(["reasoning"]);
    },
  );

  describe("sampling controls", () => {
    const SAMPLING = { temperature: 0.2, topP: 0.5 };
    const SONNET_3_7 = "anthropic.claude-3-7-sonnet-20250219-v1:0";
    const NAMES = ["inferenceConfig.temperature", "top_k", "inferenceConfig.topP"];
    const written = (fields: Record<string, unknown>, maxTokens = 3000) =>
      parse({
        ...BODY,
        inferenceConfig: { maxTokens, ...SAMPLING },
        additionalModelRequestFields: fields,
      });

    test("are left out for a Claude that takes none", () => {
      const to = target("anthropic.claude-opus-4-8-v1:0");
      expect(lower(written({ top_k: 20 }), to)).toEqual({
        body: { ...BODY, inferenceConfig: { maxTokens: 3000 } },
        controls: NAMES,
      });
      const usual = parse({ ...BODY, inferenceConfig: { temperature: 1, topP: 1 } });
      expect(lower(usual, to)).toEqual({ body: BODY, controls: [] });
    });

    test("give way to thinking that was worded for another model", () => {
      const nova = { reasoningConfig: { type: "enabled", maxReasoningEffort: "medium" } };
      expect(lower(written({ ...nova, inferenceConfig: { topK: 20 } }))).toEqual({
        body: {
          ...BODY,
          inferenceConfig: { maxTokens: 3000 },
          additionalModelRequestFields: { thinking: { type: "enabled", budget_tokens: 2250 } },
        },
        controls: NAMES,
      });
    });

    test.each<[string, Record<string, unknown>]>([
      ["without thinking", { top_k: 20 }],
      ["with thinking of its own", { thinking: { type: "enabled", budget_tokens: 2048 } }],
      ["with none", { top_k: 20, thinking: { type: "disabled" } }],
    ])("stay as the caller wrote them %s", (_, fields) => {
      const request = written(fields);
      expect(lower(request, target(SONNET_3_7))).toEqual({ body: request.origin.body, controls: [] });
    });

    test.each<[Record<string, number>, Record<string, number>, readonly string[]]>([
      [SAMPLING, { temperature: 0.2 }, ["inferenceConfig.topP"]],
      [{ temperature: 1, topP: 0.5 }, { topP: 0.5 }, []],
      [{ temperature: 0.2, topP: 1 }, { temperature: 0.2 }, []],
      [{ topP: 0.5 }, { topP: 0.5 }, []],
    ])("%o: a Claude that takes one of them is sent the one that says something", (both, one, controls) => {
      const request = parse({ ...BODY, inferenceConfig: both });
      expect(lower(request)).toEqual({ body: { ...BODY, inferenceConfig: one }, controls: [...controls] });
    });

    test("stay beside thinking that is turned off when the limit is lowered", () => {
      const { origin, ...rest } = written({ top_k: 20, thinking: { type: "disabled" } });
      const lowered = { ...origin, rewritten: new Set(["sampling"] as const) };
      const sampling = { ...rest.sampling, maxTokens: 9 };
      expect(lower({ ...rest, sampling, origin: lowered }, target(SONNET_3_7))).toEqual({
        body: { ...origin.body, inferenceConfig: { maxTokens: 9, ...SAMPLING } },
        controls: [],
      });
    });
  });

  test("fields that the server refuses are left out, and said so", () => {
    const request = parse({
      ...BODY,
      inferenceConfig: { temperature: 0.2, topP: 0.5 },
      serviceTier: { type: "flex" },
    });
    const to = target(NOVA, [], ["topP", "serviceTier", "promptVariables"]);
    expect(lower(request, to)).toEqual({
      body: { ...BODY, inferenceConfig: { temperature: 0.2 } },
      controls: ["inferenceConfig.topP", "serviceTier"],
    });
    expect(bedrockConverse.lower({ ...request, strict: true }, to)).toMatchObject({
      ok: false,
      fault: { kind: "invalid", code: "unsupported_control", param: "inferenceConfig.topP" },
    });
  });

  test("a count is sent on as it came", () => {
    const body = { input: { converse: { ...BODY } } };
    const request = parse(body, { ...HINTS, operation: "count_tokens" });
    expect(lower(request).body).toEqual(body);
    expect(bedrockConverse.path(request, target())).toBe(
      "/model/eu.anthropic.claude-sonnet-4-5-20250929-v1%3A0/count-tokens",
    );
  });
});
