/** An embedding request in the terms of the family that is asked. Owns their bodies on the way out. */
import { failed, ok, type Result } from "../../core/faults.ts";
import type { EmbeddingInput, ModelRequest } from "../../core/request.ts";
import { type Losses, lose, noLosses } from "../losses.ts";
import { modelBehind } from "../model-version.ts";
import type { JsonObject, Lowered, LowerTarget } from "../wire.ts";
import { isCohereBody } from "./embedding-request.ts";
import { WIRE_ID } from "./fields.ts";

type Body = Record<string, unknown>;

const COHERE = /cohere\.embed/i;
/** The third generation has one size, the fourth takes several. */
const COHERE_SIZED = /cohere\.embed-v[4-9]/i;
const TITAN = /titan-embed/i;
const TITAN_SIZED = /titan-embed-text-v[2-9]/i;
const TITAN_IMAGE = /titan-embed-image/i;
const MAX_TEXTS = 96;

const INPUT_TYPES: Readonly<Record<NonNullable<EmbeddingInput["purpose"]>, string>> = {
  query: "search_query",
  document: "search_document",
  classification: "classification",
  clustering: "clustering",
};

/** Faults: of several inputs for a model that takes one, of tokens in place of text, of a model of no family here. */
export function lowerEmbedding(request: ModelRequest, target: LowerTarget): Result<Lowered> {
  const input = request.embedding ?? { inputs: [] };
  const modelId = modelBehind(target);
  const texts = input.inputs.filter((text) => typeof text === "string");
  if (texts.length < input.inputs.length) {
    const message = "The chosen model takes no tokens. Send the text itself.";
    return failed("invalid", "unsupported_content", message, { param: "input" });
  }
  const losses = noLosses();
  let body: Result<Body>;
  if (COHERE.test(modelId)) body = cohereBody(texts, input, request, modelId, losses);
  else if (TITAN.test(modelId)) body = titanBody(texts, input, request, modelId, losses);
  else {
    const message =
      "The gateway knows no embeddings of the configured model. Titan and Cohere are supported.";
    return failed("provider_not_found", "unknown_embedding_model", message);
  }
  if (!body.ok) return body;
  const first = losses.warnings[0];
  if (request.strict && first !== undefined) {
    return failed("invalid", "unsupported_control", first.message, { param: first.control });
  }
  return ok({ body: body.value, warnings: losses.warnings });
}

function cohereBody(
  texts: readonly string[],
  { purpose, dimensions }: EmbeddingInput,
  request: ModelRequest,
  modelId: string,
  losses: Losses,
): Result<Body> {
  if (texts.length > MAX_TEXTS) {
    const message = `The chosen model takes at most ${MAX_TEXTS} texts at a time. Send fewer.`;
    return failed("invalid", "unsupported_value", message, { param: "input" });
  }
  const body: Body = { ...ownBody(request, true), texts, input_type: INPUT_TYPES[purpose ?? "document"] };
  delete body.output_dimension;
  if (dimensions !== undefined) {
    if (COHERE_SIZED.test(modelId)) body.output_dimension = dimensions;
    else lose(losses, "dimensions");
  }
  return ok(body);
}

function titanBody(
  texts: readonly string[],
  { dimensions }: EmbeddingInput,
  request: ModelRequest,
  modelId: string,
  losses: Losses,
): Result<Body> {
  const [inputText] = texts;
  if (inputText === undefined || texts.length > 1) {
    const message = "The chosen model takes one input at a time. Send one text a request.";
    return failed("invalid", "unsupported_value", message, { param: "input" });
  }
  const body: Body = { ...ownBody(request, false), inputText };
  delete body.dimensions;
  if (dimensions === undefined) return ok(body);
  if (TITAN_SIZED.test(modelId)) body.dimensions = dimensions;
  else if (TITAN_IMAGE.test(modelId)) body.embeddingConfig = { outputEmbeddingLength: dimensions };
  else lose(losses, "dimensions");
  return ok(body);
}

/** The caller's own body, where it is of the family that is asked. */
function ownBody({ origin }: ModelRequest, cohere: boolean): JsonObject {
  return origin.wire === WIRE_ID && isCohereBody(origin.body) === cohere ? origin.body : {};
}
