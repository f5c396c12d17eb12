import { describe, expect, test } from "bun:test";
import { CAPABILITIES } from "../../core/contract.ts";
import type { ContentPart, EmbeddingInput, ModelRequest } from "../../core/request.ts";
import { anthropicMessages } from "../anthropic-messages.ts";
import { bedrockInvoke } from "../bedrock-invoke.ts";
import type { LowerTarget, RequestHints } from "../wire.ts";

const HINTS: RequestHints = { contract: {}, strict: false, target: "support-chat" };
const CLAUDE = "anthropic.claude-sonnet-4-5-20250929-v1:0";
const MESSAGES = [{ role: "user", content: "Hi" }];
const BODY = { anthropic_version: "bedrock-2023-05-31", max_tokens: 64, messages: MESSAGES };
const HI: ContentPart = { type: "text", text: "Hi" };

function target(modelId: string): LowerTarget {
  return { modelId, maxOutputTokens: 4096, capabilities: new Set(CAPABILITIES), unsupported: new Set() };
}

function parse(body: unknown, hints = HINTS): ModelRequest {
  const result = bedrockInvoke.parseRequest(body, hints);
  if (!result.ok) throw new Error(`${result.fault.param}: ${result.fault.message}`);
  return result.value;
}

function lower(request: ModelRequest, modelId = CLAUDE) {
  const result = bedrockInvoke.lower(request, target(modelId));
  if (!result.ok) throw new Error(result.fault.message);
  const { body, headers, warnings } = result.value;
  return { body, headers, controls: warnings.map(({ control }) => control) };
}

function foreign(change: Partial<ModelRequest>): ModelRequest {
  return {
    ...parse(BODY),
    origin: { wire: "openai-chat", body: {}, rewritten: new Set() },
    ...change,
  };
}

describe("Messages", () => {
  test("the body is what came in, without a model and a stream", () => {
    const sent = {
      ...BODY,
      anthropic_beta: ["context-1m-2025-08-07", "interleaved-thinking-2025-05-14"],
      context_management: { edits: [] },
    };
    for (const stream of [true, false]) {
      const request = parse(sent, { ...HINTS, stream });
      expect(request).toMatchObject({ target: "support-chat", stream, origin: { wire: "bedrock-invoke" } });
      expect(lower(request)).toEqual({ body: sent, headers: undefined, controls: [] });
      expect(bedrockInvoke.path(request, target(CLAUDE))).toBe(
        `/model/anthropic.claude-sonnet-4-5-20250929-v1%3A0/invoke${stream ? "-with-response-stream" : ""}`,
      );
    }
  });

  test("the model may have a name as long as an ARN", () => {
    const long = `arn:aws:bedrock:eu-west-1:123456789012:${"x".repeat(500)}`;
    expect(parse(BODY, { ...HINTS, target: long }).target).toBe(long);
    expect(bedrockInvoke.parseRequest(BODY, { contract: {}, strict: false })).toMatchObject({
      ok: false,
      fault: { code: "missing_field", param: "modelId" },
    });
  });

  test("a request of the Messages API is sent on as it is, with its betas in the body", () => {
    const parsed = anthropicMessages.parseRequest(
      {
        model: "support-chat",
        max_tokens: 64,
        stream: true,
        messages: MESSAGES,
        context_management: { edits: [] },
        service_tier: "auto",
        inference_geo: "eu",
      },
      { contract: {}, strict: false, headers: { "anthropic-beta": "a-1, b-2" } },
    );
    if (!parsed.ok) throw new Error(parsed.fault.message);
    expect(lower(parsed.value)).toEqual({
      body: { ...BODY, anthropic_beta: ["a-1", "b-2"], context_management: { edits: [] } },
      headers: undefined,
      controls: ["inference_geo"],
    });
    expect(bedrockInvoke.lower({ ...parsed.value, strict: true }, target(CLAUDE))).toMatchObject({
      ok: false,
      fault: { code: "unsupported_control", param: "inference_geo" },
    });
  });

  test("its body is sent on as it is to the Messages API, which lacks its headers", () => {
    const own = { max_tokens: 64, messages: MESSAGES, context_management: { edits: [] } };
    const headers = {
      "x-amzn-bedrock-guardrailidentifier": "gr1",
      "x-amzn-bedrock-service-tier": "default",
      "x-amzn-bedrock-trace": "ENABLED",
    };
    const sent = { ...own, anthropic_version: BODY.anthropic_version, anthropic_beta: ["a-1", "b-2"] };
    const request = parse(sent, { ...HINTS, headers });
    const to = target("claude-sonnet-4-5");
    expect(anthropicMessages.lower(request, to)).toMatchObject({
      ok: true,
      value: {
        body: { ...own, model: "claude-sonnet-4-5", stream: false },
        headers: { "anthropic-version": "2023-06-01", "anthropic-beta": "a-1,b-2" },
        warnings: [{ control: "x-amzn-bedrock-guardrailidentifier" }],
      },
    });
    expect(anthropicMessages.lower({ ...request, strict: true }, to)).toMatchObject({
      ok: false,
      fault: { code: "unsupported_control", param: "x-amzn-bedrock-guardrailidentifier" },
    });
  });

  test("the headers of its own go along, without the contract's metadata", () => {
    const headers = {
      "x-amzn-bedrock-guardrailidentifier": "gr1",
      "x-amzn-bedrock-request-metadata": '{"pointsman_strict":"true"}',
    };
    const request = parse(BODY, { ...HINTS, headers });
    expect(request.strict).toBe(true);
    expect(lower(request).headers).toEqual({ "x-amzn-bedrock-guardrailidentifier": "gr1" });
    expect(bedrockInvoke.beyondContract(request)).toEqual(["x-amzn-bedrock-guardrailidentifier"]);
    const tier = (type: string) =>
      bedrockInvoke.beyondContract(
        parse(BODY, { ...HINTS, headers: { "x-amzn-bedrock-service-tier": type } }),
      );
    expect([tier("flex"), tier("default")]).toEqual([["x-amzn-bedrock-service-tier"], []]);
    const named = { "x-amzn-bedrock-request-metadata": '{"who":"\\u6f22 \\ud83d\\ude82"}' };
    expect(lower(parse(BODY, { ...HINTS, headers: named })).headers).toEqual(named);
    for (const metadata of ["{", "[]", '{"a":1}']) {
      const bad = { ...HINTS, headers: { "x-amzn-bedrock-request-metadata": metadata } };
      expect(bedrockInvoke.parseRequest(BODY, bad)).toMatchObject({
        ok: false,
        fault: { kind: "invalid", code: "invalid_header" },
      });
    }
  });

  test("what the body asks for beyond the contract has its name", () => {
    const request = parse({ ...BODY, context_management: {}, anthropic_beta: ["x"] });
    expect(bedrockInvoke.beyondContract(request)).toEqual(["context_management", "anthropic-beta"]);
  });

  test.each<[string, ContentPart]>([
    ["an image on the web", { type: "image", source: { kind: "url", url: "https://example.com/a.png" } }],
    ["an uploaded file", { type: "document", source: { kind: "file", id: "file_1" } }],
    [
      "one in a tool's result",
      {
        type: "tool_result",
        callId: "t",
        content: [{ type: "image", source: { kind: "url", url: "https://example.com/a.png" } }],
      },
    ],
  ])("%s is refused", (_, part) => {
    const messages = [{ role: "user" as const, content: [HI, part] }];
    expect(bedrockInvoke.lower(foreign({ messages }), target(CLAUDE))).toMatchObject({
      ok: false,
      fault: { kind: "invalid", code: "unsupported_content", param: "messages[0].content" },
    });
  });

  test("counting packs the body for CountTokens", () => {
    const request = foreign({ operation: "count_tokens" });
    const { body } = lower(request);
    const { invokeModel } = body.input as { invokeModel: { body: string } };
    expect(JSON.parse(atob(invokeModel.body))).toEqual({ ...BODY, max_tokens: 1 });
    expect(bedrockInvoke.path(request, target(CLAUDE))).toEndWith("/count-tokens");
    expect(bedrockInvoke.readAnswer({ inputTokens: 9 }).at(-1)).toMatchObject({ usage: { inputTokens: 9 } });
  });
});

describe("embeddings", () => {
  const asked = (embedding: EmbeddingInput) => foreign({ operation: "embed", messages: [], embedding });

  test.each<[string, EmbeddingInput, Record<string, unknown>, readonly string[]]>([
    [
      "amazon.titan-embed-text-v2:0",
      { inputs: ["a"], dimensions: 256, purpose: "query" },
      { inputText: "a", dimensions: 256 },
      [],
    ],
    ["amazon.titan-embed-text-v1", { inputs: ["a"], dimensions: 256 }, { inputText: "a" }, ["dimensions"]],
    [
      "amazon.titan-embed-image-v1",
      { inputs: ["a"], dimensions: 384 },
      { inputText: "a", embeddingConfig: { outputEmbeddingLength: 384 } },
      [],
    ],
    [
      "cohere.embed-multilingual-v3",
      { inputs: ["a", "b"], purpose: "query", dimensions: 256 },
      { texts: ["a", "b"], input_type: "search_query" },
      ["dimensions"],
    ],
    [
      "eu.cohere.embed-v4:0",
      { inputs: ["a"], dimensions: 512 },
      { texts: ["a"], input_type: "search_document", output_dimension: 512 },
      [],
    ],
  ])("%s is asked in its own words", (modelId, embedding, body, controls) => {
    expect(lower(asked(embedding), modelId)).toEqual({ body, headers: undefined, controls: [...controls] });
  });

  test("a body of the same family keeps its own fields, one of another family does not", () => {
    const titan = parse({ inputText: "a", normalize: false });
    expect(lower(titan, "amazon.titan-embed-text-v2:0").body).toEqual({ inputText: "a", normalize: false });
    expect(lower(titan, "cohere.embed-v4:0").body).toEqual({ texts: ["a"], input_type: "search_document" });
    expect(bedrockInvoke.beyondContract(titan)).toEqual(["normalize"]);
    const cohere = parse({ texts: ["a"], input_type: "clustering", truncate: "END" });
    expect(lower(cohere, "cohere.embed-english-v3").body).toEqual(cohere.origin.body);
    expect(bedrockInvoke.beyondContract(cohere)).toEqual(["truncate"]);
  });

  test.each<[string, EmbeddingInput, string, string, string]>([
    [
      "two inputs for Titan",
      { inputs: ["a", "b"] },
      "amazon.titan-embed-text-v2:0",
      "invalid",
      "unsupported_value",
    ],
    ["none for Titan", { inputs: [] }, "amazon.titan-embed-text-v2:0", "invalid", "unsupported_value"],
    [
      "97 inputs for Cohere",
      { inputs: new Array(97).fill("a") },
      "cohere.embed-v4:0",
      "invalid",
      "unsupported_value",
    ],
    ["tokens", { inputs: [[1, 2]] }, "cohere.embed-v4:0", "invalid", "unsupported_content"],
    ["a model of no such family", { inputs: ["a"] }, CLAUDE, "provider_not_found", "unknown_embedding_model"],
  ])("%s is refused", (_, embedding, modelId, kind, code) => {
    expect(bedrockInvoke.lower(asked(embedding), target(modelId))).toMatchObject({
      ok: false,
      fault: { kind, code },
    });
  });

  test("under strict, a size that cannot be had is refused", () => {
    const request = { ...asked({ inputs: ["a"], dimensions: 9 }), strict: true };
    expect(bedrockInvoke.lower(request, target("cohere.embed-english-v3"))).toMatchObject({
      ok: false,
      fault: { code: "unsupported_control", param: "dimensions" },
    });
  });
});
