/**
 * OpenAI Embeddings, both directions: https://platform.openai.com/docs/api-reference/embeddings. Spoken by
 * OpenAI, Azure and the servers that are compatible with them. The parts live in the folder of the same name.
 */
import { sse } from "./framing.ts";
import { readChatError } from "./openai-chat/errors.ts";
import { renderChatFault } from "./openai-chat/render-fault.ts";
import { readEmbeddingsAnswer, renderEmbeddingsAnswer } from "./openai-embeddings/answer.ts";
import { lowerEmbeddings } from "./openai-embeddings/lower.ts";
import {
  embeddingsBeyondContract,
  parseEmbeddingsRequest,
  WIRE_ID,
} from "./openai-embeddings/parse-request.ts";
import { type UnstreamedWire, unstreamed } from "./openai-embeddings/unstreamed.ts";

export const openaiEmbeddings: UnstreamedWire = {
  id: WIRE_ID,
  framing: sse,

  passedHeaders: [],
  parseRequest: parseEmbeddingsRequest,
  beyondContract: embeddingsBeyondContract,
  renderStart: unstreamed.renderStart,
  renderEvent: unstreamed.renderEvent,
  renderAnswer: renderEmbeddingsAnswer,
  renderFault: renderChatFault,

  path: () => "/embeddings",
  lower: lowerEmbeddings,
  readStart: unstreamed.readStart,
  step: unstreamed.step,
  flush: unstreamed.flush,
  readAnswer: readEmbeddingsAnswer,
  readError: readChatError,
};
