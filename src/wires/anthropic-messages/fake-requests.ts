/** Requests of two dialects, and what this wire makes of them. For tests alone. */
import { CAPABILITIES, type Capability } from "../../core/contract.ts";
import type { Message, ModelRequest, Section } from "../../core/request.ts";
import { anthropicMessages } from "../anthropic-messages.ts";
import { openaiChat } from "../openai-chat.ts";
import type { Lowered, LowerTarget, RequestHints } from "../wire.ts";

export const NO_HINTS: RequestHints = { contract: {}, strict: false };
export const BODY = { model: "support-chat", max_tokens: 2000, messages: [{ role: "user", content: "Hi" }] };
export const CHAT = { model: "support-chat", messages: [{ role: "user", content: "Hi" }] };
export const TOOL = { name: "f", input_schema: { type: "object", properties: {} } };
export const CHAT_TOOL = { type: "function", function: { name: "f", parameters: {} } };
export const COUNT: RequestHints = { ...NO_HINTS, operation: "count_tokens" };

export function parse(extra: Record<string, unknown> = {}, hints = NO_HINTS): ModelRequest {
  const result = anthropicMessages.parseRequest({ ...BODY, ...extra }, hints);
  if (!result.ok) throw new Error(result.fault.message);
  return result.value;
}

/** A request of an OpenAI client. */
export function chat(extra: Record<string, unknown> = {}): ModelRequest {
  const result = openaiChat.parseRequest({ ...CHAT, ...extra }, NO_HINTS);
  if (!result.ok) throw new Error(result.fault.message);
  return result.value;
}

export function target(
  modelId = "some-model",
  without: readonly Capability[] = [],
  unsupported: readonly string[] = [],
): LowerTarget {
  return {
    modelId,
    maxOutputTokens: 4096,
    capabilities: new Set(CAPABILITIES.filter((capability) => !without.includes(capability))),
    unsupported: new Set(unsupported),
  };
}

export function lower(request: ModelRequest, to = target()): Lowered {
  const result = anthropicMessages.lower(request, to);
  if (!result.ok) throw new Error(result.fault.message);
  return result.value;
}

export function controls(lowered: Lowered): readonly string[] {
  return lowered.warnings.map((warning) => warning.control);
}

export function rewritten(request: ModelRequest, section: Section): ModelRequest {
  return { ...request, origin: { ...request.origin, rewritten: new Set([section]) } };
}

export function says(role: Message["role"], text: string): Message {
  return { role, content: [{ type: "text", text }] };
}
