/** Answers with vectors, of the families behind InvokeModel, both ways. Owns their shapes; texts are not kept. */
import { NO_USAGE, type StreamEvent, type Usage } from "../../core/events.ts";
import { isRecord } from "../../core/json.ts";
import { badAnswer } from "../provider-fault.ts";
import { isTokenCount, tokenCount } from "../token-count.ts";
import type { AnswerHead, JsonObject, RenderContext } from "../wire.ts";
import { isCohereBody } from "./embedding-request.ts";

/** Bedrock's own count of what was read, beside every family's body. */
const INPUT_TOKENS = "x-amzn-bedrock-input-token-count";

/** Titan's `{embedding, inputTextTokenCount}`, or Cohere's `{embeddings}`, whose usage stands in a header. */
export function isEmbeddingAnswer(body: JsonObject): boolean {
  return body.embedding !== undefined || body.embeddings !== undefined || body.embeddingsByType !== undefined;
}

export function readEmbeddingAnswer(body: JsonObject, head?: AnswerHead): readonly StreamEvent[] {
  const events: StreamEvent[] = [{ type: "start", ...(typeof body.id === "string" && { id: body.id }) }];
  const vectors = vectorsOf(body);
  if (vectors === null) return [...events, { type: "fault", fault: badAnswer() }];
  for (const [index, vector] of vectors.entries()) events.push({ type: "embedding", index, vector });
  const usage = usageOf(body, head);
  if (usage !== null) events.push({ type: "usage", usage });
  events.push({ type: "finish", reason: { unified: "stop", raw: null }, usage });
  return events;
}

/** Null where neither body nor head says. */
function usageOf(body: JsonObject, head: AnswerHead | undefined): Usage | null {
  if (typeof body.inputTextTokenCount === "number") {
    return { ...NO_USAGE, inputTokens: tokenCount(body.inputTextTokenCount), raw: body };
  }
  const stated = head?.headers().get(INPUT_TOKENS);
  if (!stated) return null;
  const inputTokens = Number(stated);
  return isTokenCount(inputTokens) ? { ...NO_USAGE, inputTokens: tokenCount(inputTokens) } : null;
}

/** Null where there is none, or something else than numbers in one. */
function vectorsOf(body: JsonObject): readonly (readonly number[])[] | null {
  const byType = isRecord(body.embeddingsByType) ? [body.embeddingsByType.float] : null;
  const many = isRecord(body.embeddings) ? body.embeddings.float : body.embeddings;
  const found = Array.isArray(body.embedding) ? [body.embedding] : (many ?? byType);
  if (!Array.isArray(found) || found.length === 0) return null;
  return found.every(isVector) ? found : null;
}

function isVector(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.length > 0 && value.every((number) => typeof number === "number");
}

/** In the shape of the family whose body the caller sent. */
export function renderEmbeddingAnswer(events: readonly StreamEvent[], context: RenderContext): JsonObject {
  const vectors: (readonly number[])[] = [];
  let usage: Usage | null = null;
  let id: string | undefined;
  for (const event of events) {
    if (event.type === "embedding") vectors[event.index] = event.vector;
    else if (event.type === "start") id = event.id;
    else if (event.type === "usage" || event.type === "finish") usage = event.usage ?? usage;
  }
  const labels = context.labels === undefined ? {} : { pointsman: context.labels };
  const body = context.request?.origin.body ?? {};
  if (!isCohereBody(body)) {
    const [embedding = []] = vectors;
    const inputTextTokenCount = usage?.inputTokens ?? context.estimatedInputTokens;
    return { embedding, inputTextTokenCount, embeddingsByType: { float: embedding }, ...labels };
  }
  const byType = Array.isArray(body.embedding_types);
  return {
    id: id ?? context.requestId,
    texts: body.texts,
    embeddings: byType ? { float: vectors } : vectors,
    response_type: byType ? "embeddings_by_type" : "embeddings_floats",
    ...labels,
  };
}
