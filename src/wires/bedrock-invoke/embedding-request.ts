/** Embedding bodies of the families behind InvokeModel, as the internal request. Owns their shapes on the way in. */
import { z } from "zod";
import { failed, ok, type Result } from "../../core/faults.ts";
import type { EmbeddingInput, ModelRequest } from "../../core/request.ts";
import { issueFault } from "../issues.ts";
import type { JsonObject, RequestHints } from "../wire.ts";
import { WIRE_ID } from "./fields.ts";

const dimensions = z.int().min(1).max(65_536).nullish();

const titanSchema = z.object({ inputText: z.string(), dimensions });
const cohereSchema = z.object({
  texts: z.array(z.string()).min(1).max(96),
  input_type: z.enum(["search_query", "search_document", "classification", "clustering"]),
  output_dimension: dimensions,
});

const PURPOSES = {
  search_query: "query",
  search_document: "document",
  classification: "classification",
  clustering: "clustering",
} as const;

/** Members by which a caller asks for vectors of other numbers than floats. */
const ENCODINGS = ["embeddingTypes", "embedding_types"];

/** Titan's or Cohere's. */
export function isEmbeddingBody(body: JsonObject): boolean {
  return body.messages === undefined && (body.inputText !== undefined || body.texts !== undefined);
}

/** Whose answer a caller of `body` expects. */
export function isCohereBody(body: JsonObject): boolean {
  return body.texts !== undefined;
}

export function parseEmbeddingRequest(
  body: JsonObject,
  target: string,
  hints: RequestHints,
  stated: RequestHints,
): Result<ModelRequest> {
  if (hints.stream === true) {
    const message = "Embeddings do not stream. Send the body to /model/{modelId}/invoke.";
    return failed("invalid", "unsupported_value", message, { param: "stream" });
  }
  const unusual = ENCODINGS.find(
    (name) => body[name] !== undefined && body[name] !== null && !isFloat(body[name]),
  );
  if (unusual !== undefined) {
    const message = `\`${unusual}\` must be ["float"]: vectors of other numbers are not supported.`;
    return failed("invalid", "unsupported_value", message, { param: unusual });
  }
  const read = isCohereBody(body) ? readCohere(body) : readTitan(body);
  if (!read.ok) return read;
  return ok({
    operation: "embed",
    target,
    contract: stated.contract,
    messages: [],
    tools: [],
    sampling: {},
    responseFormat: { type: "text" },
    embedding: read.value,
    stream: false,
    streamUsage: false,
    strict: stated.strict,
    origin: {
      wire: WIRE_ID,
      body,
      rewritten: new Set(),
      ...(hints.headers && { headers: hints.headers }),
    },
  });
}

function readTitan(body: JsonObject): Result<EmbeddingInput> {
  if (body.textGenerationConfig !== undefined) {
    const message = "Text generation with Titan bodies is not supported. Use Converse.";
    return failed("invalid", "unsupported_parameter", message, { param: "textGenerationConfig" });
  }
  if (body.inputImage !== undefined) {
    const message = "Embeddings of images are not supported. Send text alone.";
    return failed("invalid", "unsupported_parameter", message, { param: "inputImage" });
  }
  const parsed = titanSchema.safeParse(body);
  if (!parsed.success) return { ok: false, fault: issueFault(parsed.error.issues, body) };
  const { inputText, dimensions: wanted } = parsed.data;
  return ok({ inputs: [inputText], ...(typeof wanted === "number" && { dimensions: wanted }) });
}

function readCohere(body: JsonObject): Result<EmbeddingInput> {
  const parsed = cohereSchema.safeParse(body);
  if (!parsed.success) return { ok: false, fault: issueFault(parsed.error.issues, body) };
  const { texts, input_type: type, output_dimension: wanted } = parsed.data;
  const purpose = PURPOSES[type];
  return ok({ inputs: texts, purpose, ...(typeof wanted === "number" && { dimensions: wanted }) });
}

function isFloat(types: unknown): boolean {
  return Array.isArray(types) && types.length === 1 && types[0] === "float";
}
