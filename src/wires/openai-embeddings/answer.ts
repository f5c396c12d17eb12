/** Answers with vectors, both ways. Owns their order, their encoding and the counts beside them. */
import { NO_USAGE, type StreamEvent, type Usage } from "../../core/events.ts";
import { isRecord } from "../../core/json.ts";
import { unmodelled } from "../fields.ts";
import { readStreamError } from "../openai-chat/errors.ts";
import { badAnswer, emptyAnswer } from "../provider-fault.ts";
import type { JsonObject, RenderContext } from "../wire.ts";
import { WIRE_ID } from "./parse-request.ts";
import { encodeVector, readVector } from "./vectors.ts";

const ANSWER_FIELDS: ReadonlySet<string> = new Set(["object", "data", "model", "usage", "id", "created"]);

/** `start`, the vectors in the order of their inputs, `usage` where it was counted, `finish`; or a fault. */
export function readEmbeddingsAnswer(body: unknown): readonly StreamEvent[] {
  if (!isRecord(body)) return [{ type: "fault", fault: badAnswer() }];
  if (body.error !== undefined && body.error !== null) {
    return [{ type: "fault", fault: readStreamError(body) }];
  }
  if (!Array.isArray(body.data)) return [{ type: "fault", fault: badAnswer() }];
  if (body.data.length === 0) return [{ type: "fault", fault: emptyAnswer() }];
  const vectors = readVectors(body.data);
  if (vectors === null) return [{ type: "fault", fault: badAnswer() }];
  return vectorEvents(vectors, isRecord(body.usage) ? readUsage(body.usage) : null, start(body));
}

/** The events of a whole answer with `vectors`. */
export function vectorEvents(
  vectors: readonly (readonly number[])[],
  usage: Usage | null,
  first: StreamEvent = { type: "start" },
): readonly StreamEvent[] {
  const events: StreamEvent[] = [first];
  for (let index = 0; index < vectors.length; index++) {
    const vector = vectors[index];
    if (vector !== undefined) events.push({ type: "embedding", index, vector });
  }
  if (usage !== null) events.push({ type: "usage", usage });
  events.push({ type: "finish", reason: { unified: "stop", raw: null }, usage });
  return events;
}

function start(body: JsonObject): StreamEvent {
  const fields = unmodelled(body, ANSWER_FIELDS, null);
  return {
    type: "start",
    ...(typeof body.id === "string" && body.id !== "" && { id: body.id }),
    ...(fields && { extra: { wire: WIRE_ID, fields } }),
  };
}

/** By the index that each states, or its place in the list; null where one is missing, doubled or no vector. */
function readVectors(data: readonly unknown[]): readonly (readonly number[])[] | null {
  const vectors = new Array<readonly number[] | undefined>(data.length).fill(undefined);
  for (let at = 0; at < data.length; at++) {
    const item = data[at];
    if (!isRecord(item)) return null;
    const index = item.index ?? at;
    const vector = readVector(item.embedding);
    if (vector === null || typeof index !== "number" || !(index in vectors)) return null;
    if (vectors[index] !== undefined) return null;
    vectors[index] = vector;
  }
  return vectors as readonly (readonly number[])[];
}

function readUsage(raw: JsonObject): Usage {
  const tokens = raw.prompt_tokens ?? raw.total_tokens;
  const isCount = typeof tokens === "number" && tokens > 0 && Number.isFinite(tokens);
  return { ...NO_USAGE, inputTokens: isCount ? Math.round(tokens) : 0, raw };
}

/**
 * `{object: "list", data, model, usage}`, the vectors in the encoding that the caller asked for. Its clients
 * rely on a usage: where the provider counts nothing it is the gateway's estimate.
 */
export function renderEmbeddingsAnswer(events: readonly StreamEvent[], context: RenderContext): JsonObject {
  const asBase64 = context.request?.origin.body.encoding_format === "base64";
  const data: JsonObject[] = [];
  let fields: JsonObject | null = null;
  let usage: Usage | null = null;
  for (const event of events) {
    if (event.type === "embedding") {
      const embedding = asBase64 ? encodeVector(event.vector) : event.vector;
      data.push({ object: "embedding", index: event.index, embedding });
    } else if (event.type === "start" && event.extra?.wire === WIRE_ID) fields = event.extra.fields;
    else if (event.type === "usage" || event.type === "finish") usage = event.usage ?? usage;
  }
  const tokens = usage === null ? context.estimatedInputTokens : inputOf(usage);
  const answer: Record<string, unknown> = { ...fields, object: "list", data, model: context.model };
  answer.usage = { prompt_tokens: tokens, total_tokens: tokens };
  if (context.labels !== undefined) answer.pointsman = context.labels;
  return answer;
}

function inputOf({ inputTokens, cacheReadTokens, cacheWriteTokens }: Usage): number {
  return inputTokens + cacheReadTokens + cacheWriteTokens;
}
