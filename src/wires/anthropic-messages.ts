/**
 * Anthropic Messages, both directions: https://platform.claude.com/docs/en/api/messages. Spoken by Anthropic,
 * by servers that imitate it, and inside Bedrock's InvokeModel and Vertex's rawPredict. The parts live beside
 * this file, in the folder of the same name.
 */

import { messagesBeyondContract } from "./anthropic-messages/beyond-contract.ts";
import { readMessagesError } from "./anthropic-messages/errors.ts";
import { WIRE_ID } from "./anthropic-messages/fields.ts";
import { lowerMessages } from "./anthropic-messages/lower.ts";
import { parseMessagesRequest } from "./anthropic-messages/parse-request.ts";
import { flushMessages, stepMessages } from "./anthropic-messages/read.ts";
import { readMessagesAnswer } from "./anthropic-messages/read-answer.ts";
import { READ_START, type ReadState } from "./anthropic-messages/read-state.ts";
import { type RenderState, renderMessagesEvent, renderMessagesStart } from "./anthropic-messages/render.ts";
import { renderMessagesAnswer } from "./anthropic-messages/render-answer.ts";
import { renderMessagesFault } from "./anthropic-messages/render-fault.ts";
import { sse } from "./framing.ts";
import type { Wire } from "./wire.ts";

export const anthropicMessages: Wire<ReadState, RenderState> = {
  id: WIRE_ID,
  framing: sse,
  alwaysCounts: true,

  passedHeaders: ["anthropic-beta", "anthropic-version"],
  parseRequest: parseMessagesRequest,
  beyondContract: messagesBeyondContract,
  renderStart: renderMessagesStart,
  renderEvent: renderMessagesEvent,
  renderAnswer: renderMessagesAnswer,
  renderFault: renderMessagesFault,

  path: (request) => (request.operation === "count_tokens" ? "/messages/count_tokens" : "/messages"),
  lower: lowerMessages,
  readStart: () => READ_START,
  step: stepMessages,
  flush: flushMessages,
  readAnswer: readMessagesAnswer,
  readError: readMessagesError,
};
