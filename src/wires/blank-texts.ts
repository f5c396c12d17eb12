/**
 * Texts of white space alone, and at the end of a turn that is to go on. Owns how they are taken out of messages whose
 * blocks say a text as `text`, and what stands for a user's: models of other providers say "\n\n" before a call, and
 * Claude and Bedrock refuse it.
 */
import { isRecord } from "../core/json.ts";
import type { Message } from "../core/request.ts";
import type { JsonObject } from "./wire.ts";

/**
 * What is said of a user's turn of white space alone, where an API takes none. Without the turn the model would go on
 * with its own last answer, or answer the question before it once more.
 */
export const EMPTY_TURN = "(empty message)";

/** Whether a message of which nothing can be sent is a user's who says nothing: others say what the wire has no words for. */
export function isEmptyTurn({ role, content }: Message): boolean {
  return role === "user" && content.every(({ type }) => type === "text");
}

/** Of nothing but white space: "text content blocks must contain non-whitespace text", as Anthropic's API says. */
export function isBlank(text: string): boolean {
  return text.trim() === "";
}

/**
 * A caller's own messages without the blank texts of the model's turns, which are not the caller's to mend, and without
 * the turns that say nothing else. The very same list where there is nothing to do.
 */
export function withoutBlankTexts(messages: unknown): unknown {
  if (!Array.isArray(messages) || !messages.some(isPartlyBlank)) return messages;
  return messages.flatMap((message: JsonObject) => {
    if (!isPartlyBlank(message)) return [message];
    const content = blocksOf(message).filter((block) => !isBlankText(block));
    return content.length === 0 ? [] : [{ ...message, content }];
  });
}

/**
 * `messages` without the white space at their end, where the model is to go on with a turn of its own: "The prefill
 * content cannot end with trailing whitespace" (platform.claude.com/docs, Prefill Claude's response).
 */
export function withTrimmedEnd(messages: unknown): unknown {
  if (!Array.isArray(messages)) return messages;
  const last: unknown = messages.at(-1);
  if (!isRecord(last) || last.role !== "assistant") return messages;
  const content = trimmedEnd(last.content);
  return content === last.content ? messages : [...messages.slice(0, -1), { ...last, content }];
}

function trimmedEnd(content: unknown): unknown {
  if (typeof content === "string") return content.trimEnd();
  const block: unknown = Array.isArray(content) ? content.at(-1) : undefined;
  if (!Array.isArray(content) || !isText(block)) return content;
  const text = block.text.trimEnd();
  return text === block.text ? content : [...content.slice(0, -1), { ...block, text }];
}

/** Of a turn of the model: whether a text of it is blank, or it has no content at all. */
function isPartlyBlank(message: unknown): boolean {
  if (!isRecord(message) || message.role !== "assistant") return false;
  const { content } = message;
  if (typeof content === "string") return isBlank(content);
  return Array.isArray(content) && (content.length === 0 || content.some(isBlankText));
}

function blocksOf({ content }: JsonObject): readonly unknown[] {
  return Array.isArray(content) ? content : [];
}

function isBlankText(block: unknown): boolean {
  return isText(block) && isBlank(block.text);
}

function isText(block: unknown): block is JsonObject & { readonly text: string } {
  return isRecord(block) && typeof block.text === "string" && (block.type ?? "text") === "text";
}
