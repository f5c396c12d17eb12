/** The embeddings behind Bedrock's InvokeModel under the contract of vectors: Titan's, then Cohere's. */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { bedrockInvoke } from "../../../src/wires/bedrock-invoke.ts";
import type { LowerTarget, RequestHints } from "../../../src/wires/wire.ts";
import { type EmbeddingFixtures, embeddingContract } from "./embedding-contract.ts";
import { ABLE, type ErrorFixture } from "./wire-contract.ts";

const FOLDER = join(import.meta.dir, "../../fixtures/bedrock-invoke");
const HINTS: RequestHints = { contract: {}, strict: false, target: "docs-search", stream: false };
const BAD = { fault: { kind: "malformed", code: "bad_answer" } } as const;

function json(name: string): unknown {
  return JSON.parse(readFileSync(join(FOLDER, `${name}.json`), "utf8"));
}

function target(modelId: string): LowerTarget {
  return { ...ABLE, modelId };
}

const SHARED: Pick<EmbeddingFixtures, "errors" | "hints" | "now"> = {
  errors: {
    throttled: {
      fixture: json("error-throttled") as ErrorFixture,
      expected: { kind: "throttled", code: "provider_throttled" },
    },
    invalid: {
      fixture: json("error-invalid") as ErrorFixture,
      expected: { kind: "invalid", code: "provider_rejected_request" },
    },
  },
  hints: HINTS,
  now: 1_700_006_400_000,
};

embeddingContract(bedrockInvoke, {
  ...SHARED,
  target: target("amazon.titan-embed-text-v2:0"),
  requests: {
    titan: { body: { inputText: "Where is my parcel?" }, expected: { inputs: ["Where is my parcel?"] } },
    "titan, all": {
      body: { inputText: "Grüße 👩🏽‍🚀", dimensions: 256, normalize: true, embeddingTypes: ["float"] },
      expected: { inputs: ["Grüße 👩🏽‍🚀"], dimensions: 256 },
    },
  },
  refused: [
    { name: "text number", body: { inputText: 7 }, code: "invalid_type", param: "inputText" },
    {
      name: "no dimensions",
      body: { inputText: "PRIVATE", dimensions: 0 },
      code: "invalid_value",
      param: "dimensions",
    },
    {
      name: "bits",
      body: { inputText: "PRIVATE", embeddingTypes: ["binary"] },
      code: "unsupported_value",
      param: "embeddingTypes",
    },
    {
      name: "an image",
      body: { inputText: "x", inputImage: "PRIVATE" },
      code: "unsupported_parameter",
      param: "inputImage",
    },
    {
      name: "text generation",
      body: { inputText: "PRIVATE", textGenerationConfig: {} },
      code: "unsupported_parameter",
      param: "textGenerationConfig",
    },
  ],
  answers: {
    titan: { body: json("titan"), expected: { vectors: [[0.25, -0.5, 0.125]], inputTokens: 4 } },
    "by type alone": {
      body: { embeddingsByType: { float: [1, 2] }, inputTextTokenCount: 3 },
      expected: { vectors: [[1, 2]], inputTokens: 3 },
    },
    "vector of text": { body: json("vector-of-text"), expected: BAD },
    "no numbers": { body: { embedding: [], inputTextTokenCount: 3 }, expected: BAD },
  },
  askings: [([inputText]) => ({ inputText })],
  maxInputs: 1,
  counts: true,
});

const cohere = (texts: readonly string[]) => ({ texts, input_type: "search_document" });

embeddingContract(bedrockInvoke, {
  ...SHARED,
  target: target("cohere.embed-v4:0"),
  requests: {
    cohere: {
      body: { texts: ["Where is my parcel?", "lost"], input_type: "search_query" },
      expected: { inputs: ["Where is my parcel?", "lost"], purpose: "query" },
    },
    "cohere, all": {
      body: {
        texts: ["a"],
        input_type: "clustering",
        output_dimension: 512,
        embedding_types: ["float"],
        truncate: "NONE",
      },
      expected: { inputs: ["a"], purpose: "clustering", dimensions: 512 },
    },
  },
  refused: [
    { name: "no texts", body: { ...cohere([]) }, code: "invalid_value", param: "texts" },
    { name: "97 texts", body: cohere(new Array(97).fill("x")), code: "invalid_value", param: "texts" },
    { name: "no type", body: { texts: ["PRIVATE"] }, code: "missing_field", param: "input_type" },
    {
      name: "unknown type",
      body: { texts: ["x"], input_type: "PRIVATE" },
      code: "invalid_value",
      param: "input_type",
    },
    {
      name: "integers",
      body: { ...cohere(["PRIVATE"]), embedding_types: ["float", "int8"] },
      code: "unsupported_value",
      param: "embedding_types",
    },
  ],
  answers: {
    cohere: {
      body: json("cohere"),
      expected: {
        vectors: [
          [0.25, -0.5],
          [1, 0],
        ],
        inputTokens: null,
      },
    },
    "by type": { body: json("cohere-by-type"), expected: { vectors: [[0.25, -0.5]], inputTokens: null } },
    "no vectors": { body: json("no-vectors"), expected: BAD },
  },
  askings: [cohere, (texts) => ({ ...cohere(texts), embedding_types: ["float"] })],
  maxInputs: 5,
  counts: false,
});

describe("what the header says of tokens", () => {
  const inputTokensOf = (body: unknown, stated: Readonly<Record<string, string>>): number | undefined => {
    const last = bedrockInvoke.readAnswer(body, { headers: () => new Headers(stated) }).at(-1);
    return last?.type === "finish" ? last.usage?.inputTokens : undefined;
  };
  const counted = (count: string) => ({ "x-amzn-bedrock-input-token-count": count });
  const cohere = { embeddings: [[1, 2]], response_type: "embeddings_floats" };

  test("stands for a body that says nothing", () => {
    expect(inputTokensOf(cohere, counted("4321"))).toBe(4321);
  });

  test("gives way to the body", () => {
    expect(inputTokensOf({ embedding: [1], inputTextTokenCount: 3 }, counted("4321"))).toBe(3);
  });

  test.each(["", "many", "-1", "1e300", "NaN"])("is no report where it is no count: %p", (count) => {
    expect(inputTokensOf(cohere, counted(count))).toBeUndefined();
    expect(inputTokensOf(cohere, {})).toBeUndefined();
  });
});
