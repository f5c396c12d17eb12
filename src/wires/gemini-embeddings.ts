/**
 * Gemini's batchEmbedContents, both directions: https://ai.google.dev/api/embeddings. Vertex AI has another
 * form for vectors, which this is not. The parts live in the folder of the same name.
 */
import { sse } from "./framing.ts";
import { readGeminiError } from "./gemini/errors.ts";
import { renderGeminiFault } from "./gemini/render-fault.ts";
import { readBatchAnswer, renderBatchAnswer } from "./gemini-embeddings/answer.ts";
import { batchPath, lowerBatch } from "./gemini-embeddings/lower.ts";
import { batchBeyondContract, parseBatchRequest, WIRE_ID } from "./gemini-embeddings/parse-request.ts";
import { type UnstreamedWire, unstreamed } from "./openai-embeddings/unstreamed.ts";

export const geminiEmbeddings: UnstreamedWire = {
  id: WIRE_ID,
  framing: sse,

  passedHeaders: [],
  parseRequest: parseBatchRequest,
  beyondContract: batchBeyondContract,
  renderStart: unstreamed.renderStart,
  renderEvent: unstreamed.renderEvent,
  renderAnswer: renderBatchAnswer,
  renderFault: renderGeminiFault,

  path: batchPath,
  lower: lowerBatch,
  readStart: unstreamed.readStart,
  step: unstreamed.step,
  flush: unstreamed.flush,
  readAnswer: readBatchAnswer,
  readError: readGeminiError,
};
