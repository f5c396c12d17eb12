/** What every request for vectors has in common. Owns the sections that such a request leaves empty. */
import type { EmbeddingInput, ModelRequest, Origin, ResponseFormat } from "../../core/request.ts";
import type { RequestHints } from "../wire.ts";

const TEXT: ResponseFormat = { type: "text" };

/** A request for the vectors of `embedding`, for whatever `target` names. */
export function embeddingRequest(
  target: string,
  embedding: EmbeddingInput,
  hints: RequestHints,
  origin: Pick<Origin, "wire" | "body">,
): ModelRequest {
  return {
    operation: "embed",
    target,
    contract: hints.contract,
    messages: [],
    tools: [],
    sampling: {},
    responseFormat: TEXT,
    embedding,
    stream: false,
    streamUsage: false,
    strict: hints.strict,
    origin: { ...origin, rewritten: new Set() },
  };
}
