/** Messages as input items. Owns what becomes an item of its own; content parts are rendered beside it. */
import type { ContentPart, Message } from "../../core/request.ts";
import { toldResult } from "../failed-result.ts";
import type { OwnMessages } from "../own-messages.ts";
import type { JsonObject } from "../wire.ts";
import { ownEncrypted, WIRE_ID } from "./fields.ts";
import { renderContent, renderSaid } from "./parts.ts";

export interface RenderedInput {
  /** The first message, where it is the system's and plain text, and no item of the caller's own. */
  readonly instructions: string | null;
  readonly input: readonly JsonObject[];
}

/** `own`: what the caller wrote itself, which stays as it is. */
export function renderInput(
  messages: readonly Message[],
  own: OwnMessages<readonly JsonObject[]>,
): RenderedInput {
  const first = messages[0];
  const only = first?.content[0];
  const isPlain = first?.content.length === 1 && only?.type === "text";
  const instructs = isPlain && first?.role === "system" && !own.has(first);
  const instructions = instructs && only.text !== "" ? only.text : null;
  const input: JsonObject[] = [];
  for (const message of instructions === null ? messages : messages.slice(1)) {
    const sent = own.get(message);
    if (sent !== undefined) input.push(...sent);
    else if (message.role === "assistant") renderAssistant(message.content, input);
    else renderOther(message, input);
  }
  return { instructions, input };
}

/** Tool results may sit in a user's turn on other wires; here each is an item of its own. */
function renderOther(message: Message, input: JsonObject[]): void {
  const role = message.role === "tool" ? "user" : message.role;
  let said: ContentPart[] = [];
  const flush = () => {
    if (said.length > 0) input.push({ role, content: renderContent(said) });
    said = [];
  };
  for (const part of message.content) {
    if (part.type === "tool_result") {
      flush();
      const output = renderContent(toldResult(part));
      input.push({ type: "function_call_output", call_id: part.callId, output });
    } else if (part.type === "opaque") {
      flush();
      if (part.wire === WIRE_ID) input.push(part.value);
    } else said.push(part);
  }
  flush();
}

function renderAssistant(content: readonly ContentPart[], input: JsonObject[]): void {
  let said: JsonObject[] = [];
  const flush = () => {
    if (said.length > 0) input.push({ type: "message", role: "assistant", content: said });
    said = [];
  };
  for (const part of content) {
    if (part.type === "text" || part.type === "refusal") said.push(renderSaid(part));
    else {
      flush();
      const item = renderItem(part);
      if (item !== null) input.push(item);
    }
  }
  flush();
}

/**
 * Reasoning goes back only where a provider of this wire encrypted it: a summary alone names thoughts that
 * nobody kept, and is refused.
 */
function renderItem(part: ContentPart): JsonObject | null {
  switch (part.type) {
    case "tool_call":
      return { type: "function_call", call_id: part.id, name: part.name, arguments: part.arguments };
    case "reasoning": {
      const encrypted = part.redacted === undefined ? null : ownEncrypted(part.redacted);
      if (encrypted === null) return null;
      const summary = part.text === "" ? [] : [{ type: "summary_text", text: part.text }];
      return { type: "reasoning", summary, encrypted_content: encrypted };
    }
    case "opaque":
      return part.wire === WIRE_ID ? part.value : null;
    default:
      return null;
  }
}
