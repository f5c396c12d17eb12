/**
 * Gemini's generateContent, streamGenerateContent and countTokens, both directions:
 * https://ai.google.dev/api/generate-content. Spoken by the Gemini API and by Vertex AI, which differ in the
 * base of the URL and in credentials. The parts live beside this file, in the folder of the same name.
 */
import { sse } from "./framing.ts";
import {
  type ArrayState,
  asksForEvents,
  jsonArray,
  renderArrayEvent,
  renderArrayStart,
} from "./gemini/array-stream.ts";
import { geminiBeyondContract } from "./gemini/beyond-contract.ts";
import { readGeminiError } from "./gemini/errors.ts";
import { WIRE_ID } from "./gemini/fields.ts";
import { geminiPath, lowerGemini } from "./gemini/lower.ts";
import { parseGeminiRequest } from "./gemini/parse-request.ts";
import { flushGemini, stepGemini } from "./gemini/read.ts";
import { readGeminiAnswer } from "./gemini/read-answer.ts";
import { READ_START, type ReadState } from "./gemini/read-state.ts";
import { type RenderState, renderGeminiEvent, renderGeminiStart } from "./gemini/render.ts";
import { renderGeminiAnswer } from "./gemini/render-answer.ts";
import { renderGeminiFault } from "./gemini/render-fault.ts";
import type { Wire } from "./wire.ts";

export const gemini: Wire<ReadState, RenderState> = {
  id: WIRE_ID,
  framing: sse,
  asQueried: (query) => (asksForEvents(query) ? gemini : inArrays),

  passedHeaders: [],
  parseRequest: parseGeminiRequest,
  beyondContract: geminiBeyondContract,
  renderStart: renderGeminiStart,
  renderEvent: renderGeminiEvent,
  renderAnswer: renderGeminiAnswer,
  renderFault: renderGeminiFault,

  path: geminiPath,
  lower: lowerGemini,
  readStart: () => READ_START,
  step: stepGemini,
  flush: flushGemini,
  readAnswer: readGeminiAnswer,
  readError: readGeminiError,
};

const inArrays: Wire<ReadState, ArrayState> = {
  ...gemini,
  framing: jsonArray,
  renderStart: renderArrayStart,
  renderEvent: renderArrayEvent,
};
