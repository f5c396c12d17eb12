/**
 * OpenAI Responses, both directions: https://platform.openai.com/docs/api-reference/responses. Spoken by
 * OpenAI, Azure and a growing number of servers, and by their clients' `responses`. Nothing is kept between two
 * calls: a conversation is sent whole. The parts live beside this file, in the folder of the same name.
 */

import { sse } from "./framing.ts";
import { renderChatFault } from "./openai-chat/render-fault.ts";
import { responsesBeyondContract } from "./openai-responses/beyond-contract.ts";
import { readResponsesError } from "./openai-responses/errors.ts";
import { WIRE_ID } from "./openai-responses/fields.ts";
import { lowerResponses } from "./openai-responses/lower.ts";
import { parseResponsesRequest } from "./openai-responses/parse-request.ts";
import { flushResponses, stepResponses } from "./openai-responses/read.ts";
import { readResponsesAnswer } from "./openai-responses/read-answer.ts";
import { READ_START, type ReadState } from "./openai-responses/read-state.ts";
import { renderResponsesAnswer, renderResponsesEvent } from "./openai-responses/render.ts";
import { newRenderState, type RenderState } from "./openai-responses/render-state.ts";
import type { Wire } from "./wire.ts";

export const openaiResponses: Wire<ReadState, RenderState> = {
  id: WIRE_ID,
  framing: sse,

  passedHeaders: [],
  parseRequest: parseResponsesRequest,
  beyondContract: responsesBeyondContract,
  renderStart: newRenderState,
  renderEvent: renderResponsesEvent,
  renderAnswer: renderResponsesAnswer,
  renderFault: renderChatFault,

  path: () => "/responses",
  lower: lowerResponses,
  readStart: () => READ_START,
  step: stepResponses,
  flush: flushResponses,
  readAnswer: readResponsesAnswer,
  readError: readResponsesError,
};
