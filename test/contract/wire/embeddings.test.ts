/** The wires for vectors under their contract, with the bytes that OpenAI, its like, and Gemini send. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { EmbeddingInput } from "../../../src/core/request.ts";
import { geminiEmbeddings } from "../../../src/wires/gemini-embeddings.ts";
import { openaiEmbeddings } from "../../../src/wires/openai-embeddings.ts";
import { type EmbeddingFixtures, type ExpectedVectors, embeddingContract } from "./embedding-contract.ts";
import type { ErrorFixture, ExpectedError } from "./wire-contract.ts";

type Files = Pick<EmbeddingFixtures, "requests" | "answers" | "errors">;
type Wanted = {
  readonly requests: Readonly<Record<string, EmbeddingInput>>;
  readonly answers: Readonly<Record<string, ExpectedVectors>>;
  readonly errors: Readonly<Record<string, ExpectedError>>;
};

/** The fixtures of a folder, each with what is expected of it; one without an expectation is a mistake. */
function filesOf(folder: string, wanted: Wanted): Files {
  const path = join(import.meta.dir, "../../fixtures", folder);
  const read = <T>(file: string) => JSON.parse(readFileSync(join(path, `${file}.json`), "utf8")) as T;
  const known = new Set([
    ...Object.keys(wanted.requests).map((name) => `request-${name}.json`),
    ...Object.keys(wanted.answers).map((name) => `${name}.json`),
    ...Object.keys(wanted.errors).map((name) => `error-${name}.json`),
  ]);
  const unexpected = readdirSync(path).filter((file) => !known.has(file));
  if (unexpected.length > 0) throw new Error(`fixtures without an expectation: ${unexpected.join(", ")}`);
  const each = <From, To>(from: Readonly<Record<string, From>>, make: (name: string, expected: From) => To) =>
    Object.fromEntries(Object.entries(from).map(([name, expected]) => [name, make(name, expected)]));
  return {
    requests: each(wanted.requests, (name, expected) => ({ body: read(`request-${name}`), expected })),
    answers: each(wanted.answers, (name, expected) => ({ body: read(name), expected })),
    errors: each(wanted.errors, (name, expected) => ({
      fixture: read<ErrorFixture>(`error-${name}`),
      expected,
    })),
  };
}

const V1 = [0.0023064255, -0.009327292, 0.015797347];
const V2 = [-0.0028842222, 0.5, 0.25];
const BAD: ExpectedVectors = { fault: { kind: "malformed", code: "bad_answer" } };
const EMPTY: ExpectedVectors = { fault: { kind: "malformed", code: "empty_answer" } };
const FAILED: ExpectedVectors = { fault: { kind: "outage", code: "provider_error" } };

const auth: ExpectedError = { kind: "provider_auth", code: "provider_credentials_refused" };
const missing: ExpectedError = { kind: "provider_not_found", code: "provider_model_not_found" };
const rejected: ExpectedError = { kind: "invalid", code: "provider_rejected_request" };
const overloaded: ExpectedError = { kind: "outage", code: "provider_overloaded" };
const throttled = (retryAfterMs: number): ExpectedError => ({
  kind: "throttled",
  code: "provider_throttled",
  retryAfterMs,
});
const NOW = 1_700_006_400_000;

const openaiBase = { model: "docs-search" };
const openaiRefusal = (name: string, input: unknown, code: string, param: string) => ({
  name,
  body: { ...openaiBase, input },
  code,
  param,
});

embeddingContract(openaiEmbeddings, {
  ...filesOf("openai-embeddings", {
    requests: {
      text: { inputs: ["Where is my parcel?"] },
      texts: { inputs: ["Where is my parcel?", "Grüße 👩🏽‍🚀"], dimensions: 256 },
      tokens: { inputs: [[9906, 11, 1917]] },
      "token-lists": { inputs: [[9906, 11], [1917]] },
    },
    answers: {
      floats: { vectors: [V1, V2], inputTokens: 8 },
      base64: {
        vectors: [
          [1.5, -0.25, 3],
          [0, 0.125, -2],
        ],
        inputTokens: 8,
      },
      "out-of-order": { vectors: [V1, V2], inputTokens: 8 },
      "no-index": { vectors: [V1, V2], inputTokens: null },
      "total-only": { vectors: [V1], inputTokens: 5 },
      "doubled-index": BAD,
      "missing-index": BAD,
      "no-vectors": EMPTY,
      "empty-vector": BAD,
      "not-numbers": BAD,
      "torn-base64": BAD,
      "not-base64": BAD,
      "not-a-number-base64": BAD,
      "failed-answer": FAILED,
      "wrong-shape": BAD,
    },
    errors: {
      "rate-limit": throttled(3000),
      quota: { kind: "throttled", code: "quota_exhausted" },
      context: { kind: "context_overflow", code: "context_length_exceeded" },
      dimensions: { ...rejected, param: "dimensions" },
      unauthorized: auth,
      "not-found": missing,
      internal: { kind: "outage", code: "provider_error" },
      unavailable: overloaded,
    },
  }),
  refused: [
    { name: "not an object", body: [1], code: "invalid_type" },
    { name: "no model", body: { input: "PRIVATE" }, code: "missing_field", param: "model" },
    { name: "control character", body: { model: "a\nb", input: "x" }, code: "invalid_value", param: "model" },
    { name: "no input", body: openaiBase, code: "missing_field", param: "input" },
    openaiRefusal("null", null, "missing_field", "input"),
    openaiRefusal("an object", { text: "PRIVATE" }, "invalid_type", "input"),
    openaiRefusal("empty text", "", "invalid_value", "input"),
    openaiRefusal("empty list", [], "invalid_value", "input"),
    openaiRefusal("an empty text among others", ["x", ""], "invalid_value", "input[1]"),
    openaiRefusal("2,049 texts", new Array(2049).fill("x"), "invalid_value", "input"),
    openaiRefusal("texts and tokens", ["PRIVATE", [1]], "invalid_type", "input[1]"),
    openaiRefusal("tokens and texts", [[1], "PRIVATE"], "invalid_type", "input[1]"),
    openaiRefusal("a list of nothing", [null], "invalid_type", "input[0]"),
    openaiRefusal("no tokens", [[1], []], "invalid_value", "input[1]"),
    openaiRefusal("half a token", [1, 2.5], "invalid_type", "input[1]"),
    openaiRefusal("a token as text", [1, "PRIVATE"], "invalid_type", "input[1]"),
    openaiRefusal("a negative token", [[3, -1]], "invalid_value", "input[0][1]"),
    {
      name: "no dimensions",
      body: { ...openaiBase, input: "x", dimensions: 0 },
      code: "invalid_value",
      param: "dimensions",
    },
    {
      name: "unknown encoding",
      body: { ...openaiBase, input: "x", encoding_format: "PRIVATE" },
      code: "invalid_value",
      param: "encoding_format",
    },
    {
      name: "a stream",
      body: { ...openaiBase, input: "x", stream: true },
      code: "unsupported_parameter",
      param: "stream",
    },
  ],
  askings: [
    (input) => ({ ...openaiBase, input }),
    (input) => ({ ...openaiBase, input, encoding_format: "float" }),
    (input) => ({ ...openaiBase, input, encoding_format: "base64" }),
  ],
  maxInputs: 5,
  counts: true,
  now: NOW,
});

const batch = (...requests: readonly unknown[]) => ({ requests });
const content = (text: unknown) => ({ content: { parts: [{ text }] } });

embeddingContract(geminiEmbeddings, {
  ...filesOf("gemini-embeddings", {
    requests: {
      one: { inputs: ["Where is my parcel?"] },
      query: { inputs: ["Where is my parcel?", "Grüße 👩🏽‍🚀"], dimensions: 256, purpose: "query" },
      "snake-case": { inputs: ["One"], dimensions: 768, purpose: "clustering" },
      parts: { inputs: ["A title\nand a text"], purpose: "document" },
    },
    answers: {
      two: { vectors: [V1, V2], inputTokens: null },
      one: { vectors: [[0.5, -0.25]], inputTokens: null },
      counted: { vectors: [[0.5, -0.25]], inputTokens: 7 },
      none: EMPTY,
      "empty-vector": BAD,
      "not-numbers": BAD,
      "wrong-shape": BAD,
      "failed-answer": FAILED,
    },
    errors: {
      "rate-limit": throttled(12_000),
      key: auth,
      batch: rejected,
      "not-found": missing,
      overloaded,
    },
  }),
  refused: [
    { name: "not an object", body: "PRIVATE", code: "invalid_type" },
    { name: "no requests", body: {}, code: "missing_field", param: "requests" },
    { name: "an empty batch", body: batch(), code: "invalid_value", param: "requests" },
    {
      name: "101 requests",
      body: batch(...new Array(101).fill(content("x"))),
      code: "invalid_value",
      param: "requests",
    },
    { name: "no content", body: batch({}), code: "missing_field", param: "requests[0].content" },
    {
      name: "no parts",
      body: batch({ content: { parts: [] } }),
      code: "invalid_value",
      param: "requests[0].content.parts",
    },
    {
      name: "an image",
      body: batch({ content: { parts: [{ inlineData: { data: "PRIVATE" } }] } }),
      code: "missing_field",
      param: "requests[0].content.parts[0].text",
    },
    {
      name: "empty text",
      body: batch(content("")),
      code: "invalid_value",
      param: "requests[0].content.parts[0].text",
    },
    {
      name: "text number",
      body: batch(content(7)),
      code: "invalid_type",
      param: "requests[0].content.parts[0].text",
    },
    {
      name: "no dimensions",
      body: batch({ ...content("x"), outputDimensionality: 0 }),
      code: "invalid_value",
      param: "requests[0].outputDimensionality",
    },
    {
      name: "two kinds",
      body: batch({ ...content("x"), taskType: "CLUSTERING" }, content("y")),
      code: "invalid_value",
      param: "requests[1].taskType",
    },
    {
      name: "two sizes",
      body: batch(content("x"), { ...content("y"), outputDimensionality: 3 }),
      code: "invalid_value",
      param: "requests[1].outputDimensionality",
    },
  ],
  askings: [(texts) => batch(...texts.map(content))],
  maxInputs: 5,
  counts: false,
  hints: { contract: {}, strict: false, target: "docs-search", stream: false, operation: "embed" },
  now: NOW,
});
