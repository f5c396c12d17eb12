/**
 * OpenAI Chat Completions, both directions: https://platform.openai.com/docs/api-reference/chat. Spoken by
 * OpenAI, by every OpenAI-compatible server (vLLM, Ollama, llama.cpp, TGI, Groq, Mistral, DeepSeek …) and by
 * their clients. The parts live beside this file, in the folder of the same name.
 */

import { sse } from "./framing.ts";
import { readChatError } from "./openai-chat/errors.ts";
import { WIRE_ID } from "./openai-chat/fields.ts";
import { lowerChat } from "./openai-chat/lower.ts";
import { chatBeyondContract, parseChatRequest } from "./openai-chat/parse-request.ts";
import { flushChat, stepChat } from "./openai-chat/read.ts";
import { readChatAnswer } from "./openai-chat/read-answer.ts";
import { READ_START, type ReadState } from "./openai-chat/read-state.ts";
import { type RenderState, renderChatEvent, renderChatStart } from "./openai-chat/render.ts";
import { renderChatAnswer } from "./openai-chat/render-answer.ts";
import { renderChatFault } from "./openai-chat/render-fault.ts";
import type { Wire } from "./wire.ts";

export const openaiChat: Wire<ReadState, RenderState> = {
  id: WIRE_ID,
  framing: sse,

  passedHeaders: [],
  parseRequest: parseChatRequest,
  beyondContract: chatBeyondContract,
  renderStart: renderChatStart,
  renderEvent: renderChatEvent,
  renderAnswer: renderChatAnswer,
  renderFault: renderChatFault,

  path: () => "/chat/completions",
  lower: lowerChat,
  readStart: () => READ_START,
  step: stepChat,
  flush: flushChat,
  readAnswer: readChatAnswer,
  readError: readChatError,
};
