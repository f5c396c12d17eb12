import { describe, expect, test } from "bun:test";
import type { EmbeddingInput, ModelRequest } from "../../core/request.ts";
import { geminiEmbeddings } from "../gemini-embeddings.ts";
import { openaiEmbeddings } from "../openai-embeddings.ts";
import type { LowerTarget, Wire } from "../wire.ts";
import { embeddingRequest } from "./draft.ts";

const HINTS = { contract: {}, strict: false };

function target(unsupported: readonly string[] = []): LowerTarget {
  return {
    modelId: "models/provider-1",
    maxOutputTokens: 1,
    capabilities: new Set(["embeddings"]),
    unsupported: new Set(unsupported),
  };
}

function parse(body: Record<string, unknown>): ModelRequest {
  const result = openaiEmbeddings.parseRequest({ model: "docs-search", input: "Hi", ...body }, HINTS);
  if (!result.ok) throw new Error(result.fault.message);
  return result.value;
}

function abroad(embedding: EmbeddingInput, strict = false): ModelRequest {
  return embeddingRequest("docs-search", embedding, { contract: {}, strict }, { wire: "native", body: {} });
}

function lower<Read, Render>(wire: Wire<Read, Render>, request: ModelRequest, to = target()) {
  const result = wire.lower(request, to);
  if (!result.ok) throw new Error(result.fault.message);
  return result.value;
}

describe("vectors by OpenAI's API", () => {
  test("keep the encoding that the caller asked for", () => {
    const { body, warnings } = lower(openaiEmbeddings, parse({ encoding_format: "base64", stream: false }));
    expect(body).toEqual({ model: "models/provider-1", input: "Hi", encoding_format: "base64" });
    expect(warnings).toEqual([]);
  });

  test("lose what the server refuses: the encoding without a word, dimensions with one", () => {
    const request = parse({ encoding_format: "base64", dimensions: 256 });
    const { body, warnings } = lower(openaiEmbeddings, request, target(["encoding_format", "dimensions"]));
    expect(body).toEqual({ model: "models/provider-1", input: "Hi" });
    expect(warnings.map(({ control }) => control)).toEqual(["dimensions"]);
    expect(request.origin.body).toMatchObject({ encoding_format: "base64", dimensions: 256 });
  });

  test("cannot be told what they are for", () => {
    const asked = { inputs: ["Hi"], purpose: "query" } as const;
    const { body, warnings } = lower(openaiEmbeddings, abroad(asked));
    expect(body).toEqual({ model: "models/provider-1", input: ["Hi"] });
    expect(warnings.map(({ control }) => control)).toEqual(["purpose"]);
    const refused = openaiEmbeddings.lower(abroad(asked, true), target());
    expect(refused.ok ? null : refused.fault).toMatchObject({
      code: "unsupported_control",
      param: "purpose",
    });
  });
});

describe("vectors by Gemini's API", () => {
  test("say what they are for, each request by itself", () => {
    const { body } = lower(
      geminiEmbeddings,
      abroad({ inputs: ["a", "b"], dimensions: 64, purpose: "document" }),
    );
    const rest = { model: "models/provider-1", taskType: "RETRIEVAL_DOCUMENT", outputDimensionality: 64 };
    expect(body).toEqual({
      requests: [
        { ...rest, content: { parts: [{ text: "a" }] } },
        { ...rest, content: { parts: [{ text: "b" }] } },
      ],
    });
    expect(geminiEmbeddings.path(parse({}), target())).toBe("/models/provider-1:batchEmbedContents");
  });

  test("are not made of tokens, nor of more inputs than the API takes", () => {
    const fault = (inputs: EmbeddingInput["inputs"]) => {
      const result = geminiEmbeddings.lower(abroad({ inputs }), target());
      return result.ok ? null : [result.fault.kind, result.fault.code, result.fault.param];
    };
    expect(fault([[1, 2]])).toEqual(["invalid", "unsupported_content", "input"]);
    expect(fault(new Array(101).fill("a"))).toEqual(["invalid", "invalid_value", "input"]);
    expect(fault(new Array(100).fill("a"))).toBeNull();
  });

  test("lose what the model refuses, with a warning and under strict with a fault", () => {
    const asked = { inputs: ["a"], dimensions: 64 };
    const without = target(["outputDimensionality"]);
    const { body, warnings } = lower(geminiEmbeddings, abroad(asked), without);
    expect(JSON.stringify(body)).not.toContain("64");
    expect(warnings.map(({ control }) => control)).toEqual(["outputDimensionality"]);
    const refused = geminiEmbeddings.lower(abroad(asked, true), without);
    expect(refused.ok ? null : refused.fault).toMatchObject({ code: "unsupported_control" });
  });

  test("keep the caller's own batch but for the model, and name what only this API has", () => {
    const one = { content: { parts: [{ text: "a" }] }, taskType: "FACT_VERIFICATION", title: "T" };
    const body = { requests: [{ ...one, model: "models/docs-search" }], vendor: 1 };
    const result = geminiEmbeddings.parseRequest(body, HINTS);
    if (!result.ok) throw new Error(result.fault.message);
    const lowered = lower(geminiEmbeddings, result.value).body;
    expect(lowered).toEqual({ requests: [{ ...one, model: "models/provider-1" }], vendor: 1 });
    expect(result.value).toMatchObject({ target: "docs-search", embedding: { inputs: ["a"] } });
    expect(result.value.embedding?.purpose).toBeUndefined();
    expect(geminiEmbeddings.beyondContract(result.value)).toEqual([
      "vendor",
      "requests.title",
      "requests.taskType",
    ]);
  });
});
