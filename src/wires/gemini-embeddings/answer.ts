/** A batch of vectors, both ways. The API gives them in the order of the requests, and counts nothing. */
import type { StreamEvent, Usage } from "../../core/events.ts";
import { isRecord } from "../../core/json.ts";
import { readStreamError } from "../gemini/errors.ts";
import { readUsage, renderUsage } from "../gemini/usage.ts";
import { vectorEvents } from "../openai-embeddings/answer.ts";
import { readVector } from "../openai-embeddings/vectors.ts";
import { badAnswer, emptyAnswer } from "../provider-fault.ts";
import type { JsonObject, RenderContext } from "../wire.ts";

/** `start`, the vectors in the order of their inputs, `finish`; or a fault. Newer models count their tokens. */
export function readBatchAnswer(body: unknown): readonly StreamEvent[] {
  const whole: unknown = Array.isArray(body) ? body[0] : body;
  if (!isRecord(whole)) return [{ type: "fault", fault: badAnswer() }];
  if (whole.error !== undefined && whole.error !== null) {
    return [{ type: "fault", fault: readStreamError(whole) }];
  }
  if (!Array.isArray(whole.embeddings)) return [{ type: "fault", fault: badAnswer() }];
  if (whole.embeddings.length === 0) return [{ type: "fault", fault: emptyAnswer() }];
  const vectors: (readonly number[])[] = [];
  for (const embedding of whole.embeddings) {
    const vector = isRecord(embedding) ? readVector(embedding.values) : null;
    if (vector === null) return [{ type: "fault", fault: badAnswer() }];
    vectors.push(vector);
  }
  return vectorEvents(vectors, readUsage(whole.usageMetadata));
}

/** `{embeddings: [{values}]}`, in the order of the inputs. */
export function renderBatchAnswer(events: readonly StreamEvent[], context: RenderContext): JsonObject {
  const embeddings: JsonObject[] = [];
  let usage: Usage | null = null;
  for (const event of events) {
    if (event.type === "embedding") embeddings[event.index] = { values: event.vector };
    else if (event.type === "usage" || event.type === "finish") usage = event.usage ?? usage;
  }
  const answer: Record<string, unknown> = { embeddings };
  if (usage !== null) answer.usageMetadata = renderUsage(usage);
  if (context.labels !== undefined) answer.pointsman = context.labels;
  return answer;
}
