/** Messages of this wire, both ways. Owns roles, parts and data URLs; knows no other section of a request. */
import { type Fault, fault } from "../../core/faults.ts";
import type { ContentPart, MediaSource, Message, ModelRequest } from "../../core/request.ts";
import { encodeBase64 } from "../base64.ts";
import { toldResult } from "../failed-result.ts";
import { badSource, readSource } from "../openai-shared.ts";
import { noOwnMessages, type OwnMessages } from "../own-messages.ts";
import type { JsonObject, Warning } from "../wire.ts";
import type { ChatMessage, ChatPart } from "./request-schema.ts";

type AssistantMessage = Extract<ChatMessage, { role: "assistant" }>;

/** The messages, or the fault of the first that cannot be taken. Remote URLs are left for the provider. */
export function readMessages(messages: readonly ChatMessage[]): readonly Message[] | Fault {
  const read: Message[] = [];
  for (let i = 0; i < messages.length; i++) {
    const message = messages[i];
    if (message === undefined) continue;
    const result = readMessage(message, i);
    if ("kind" in result) return result;
    read.push(result);
  }
  return read;
}

function readMessage(message: ChatMessage, index: number): Message | Fault {
  switch (message.role) {
    case "developer":
    case "system":
      return { role: "system", content: textParts(message.content) };
    case "user":
      return readUser(message.content, index);
    case "assistant":
      return readAssistant(message, index);
    case "tool": {
      const content = textParts(message.content);
      return { role: "tool", content: [{ type: "tool_result", callId: message.tool_call_id, content }] };
    }
  }
}

function textParts(content: string | readonly { readonly text: string }[]): readonly ContentPart[] {
  if (typeof content === "string") return [{ type: "text", text: content }];
  return content.map((part) => ({ type: "text", text: part.text }));
}

function readUser(content: string | readonly ChatPart[], index: number): Message | Fault {
  if (typeof content === "string") return { role: "user", content: [{ type: "text", text: content }] };
  const parts: ContentPart[] = [];
  for (const [position, part] of content.entries()) {
    const read = readPart(part, `messages[${index}].content[${position}]`);
    if ("kind" in read) return read;
    parts.push(read);
  }
  return { role: "user", content: parts };
}

function readPart(part: ChatPart, path: string): ContentPart | Fault {
  switch (part.type) {
    case "text":
      return { type: "text", text: part.text };
    case "image_url": {
      const param = `${path}.image_url.url`;
      const source = readSource(part.image_url.url);
      if (source === null) return badSource(param, "an http(s) URL or a data URL with base64");
      const detail = part.image_url.detail === "original" ? "high" : part.image_url.detail;
      return { type: "image", source, ...(detail && { detail }) };
    }
    case "file":
      return readFile(part.file, path);
  }
}

function readFile(file: Extract<ChatPart, { type: "file" }>["file"], path: string): ContentPart | Fault {
  const param = `${path}.file.file_data`;
  if (file.file_id) {
    const message = "Uploaded files are not supported. Send the file itself in `file_data` as a data URL.";
    return fault("invalid", "unsupported_value", message, { param: `${path}.file.file_id` });
  }
  if (!file.file_data) {
    const message = `\`${param}\` is required. Add the file as a data URL with base64.`;
    return fault("invalid", "missing_field", message, { param });
  }
  const source = readSource(file.file_data);
  if (source?.kind !== "base64") return badSource(param, "a data URL with base64");
  return { type: "document", source, ...(file.filename && { name: file.filename }) };
}

function readAssistant(message: AssistantMessage, index: number): Message | Fault {
  const content: ContentPart[] = [];
  if (message.reasoning_content) content.push({ type: "reasoning", text: message.reasoning_content });
  if (typeof message.content === "string") {
    if (message.content !== "" || !message.tool_calls) content.push({ type: "text", text: message.content });
  } else {
    for (const part of message.content ?? []) {
      content.push(
        part.type === "text" ? { type: "text", text: part.text } : { type: "refusal", text: part.refusal },
      );
    }
  }
  if (message.refusal) content.push({ type: "refusal", text: message.refusal });
  for (const call of message.tool_calls ?? []) {
    content.push({
      type: "tool_call",
      id: call.id,
      name: call.function.name,
      arguments: call.function.arguments,
    });
  }
  if (content.length > 0) return { role: "assistant", content };
  const param = `messages[${index}].content`;
  const text = `\`${param}\` is required. Add it, or \`tool_calls\`.`;
  return fault("invalid", "missing_field", text, { param });
}

/**
 * Messages in the wire's shape. Reasoning of earlier turns is left out: the wire has no field for it. So is a turn of
 * which nothing else is left. A message with several tool results becomes one message a result. `own`: what the caller
 * wrote itself, which stays as it is.
 */
export function renderMessages(
  messages: readonly Message[],
  own: OwnMessages<JsonObject> = noOwnMessages(),
): readonly JsonObject[] {
  const rendered: JsonObject[] = [];
  /** What waits for the last of the results that answer one turn; null outside of such a run. */
  let held: ContentPart[] | null = null;
  for (const message of messages) {
    const sent = own.get(message);
    if (sent === undefined && message.content.every(isLeftOut)) continue;
    if (message.content.some(isResult)) {
      held ??= [];
      if (sent === undefined) renderResults(message.content, rendered, held);
      else rendered.push(sent);
      continue;
    }
    if (held !== null) renderSaid("user", held, rendered);
    held = null;
    if (sent !== undefined) rendered.push(sent);
    else if (message.role === "assistant") rendered.push(renderAssistant(message.content));
    else renderSaid(message.role === "tool" ? "user" : message.role, message.content, rendered);
  }
  if (held !== null) renderSaid("user", held, rendered);
  return rendered;
}

function isResult({ type }: ContentPart): boolean {
  return type === "tool_result";
}

function isLeftOut({ type }: ContentPart): boolean {
  return type === "opaque" || type === "reasoning";
}

/** What `renderMessages` leaves out of a request of another wire. */
export function contentLosses({ messages, tools }: ModelRequest): readonly Warning[] {
  let cached = tools.some((tool) => tool.cache !== undefined);
  let signed = false;
  for (const { content } of messages) {
    for (const part of content) {
      if ("cache" in part && part.cache !== undefined) cached = true;
      if (part.type === "reasoning" && (part.signature ?? part.redacted) !== undefined) signed = true;
    }
  }
  if (!cached && !signed) return NO_LOSSES;
  const losses: Warning[] = [];
  if (cached) {
    const message = "The chosen model's provider decides by itself what to cache; the marks were not sent.";
    losses.push({ control: "cache", message });
  }
  if (signed) {
    const message = "The chosen model's API takes no reasoning of earlier turns; it was not sent.";
    losses.push({ control: "reasoning", message });
  }
  return losses;
}

const NO_LOSSES: readonly Warning[] = [];

/**
 * Tool results may sit in a user's turn on other wires; here each is a message of its own, and takes text alone: what
 * a tool showed is told as the user's, as is what the user said beside it. That is held back, as no message may stand
 * between the results of one turn.
 */
function renderResults(content: readonly ContentPart[], rendered: JsonObject[], held: ContentPart[]): void {
  const rest: ContentPart[] = [];
  for (const part of content) {
    if (part.type !== "tool_result") {
      rest.push(part);
      continue;
    }
    const text = toldResult(part).filter((inner) => inner.type === "text");
    for (const inner of part.content) {
      if (inner.type === "image" || inner.type === "document") held.push(inner);
    }
    rendered.push({ role: "tool", tool_call_id: part.callId, content: renderContent(text) });
  }
  held.push(...rest);
}

function renderSaid(role: string, content: readonly ContentPart[], rendered: JsonObject[]): void {
  const said = content.filter((part) => !isLeftOut(part));
  if (said.length > 0) rendered.push({ role, content: renderContent(said) });
}

function renderContent(parts: readonly ContentPart[]): string | readonly JsonObject[] {
  const only = parts[0];
  if (parts.length === 1 && only?.type === "text") return only.text;
  if (parts.length === 0) return "";
  return parts.flatMap(renderPart);
}

function renderPart(part: ContentPart): readonly JsonObject[] {
  switch (part.type) {
    case "text":
      return [{ type: "text", text: part.text }];
    case "image": {
      const detail = part.detail === undefined ? {} : { detail: part.detail };
      return [{ type: "image_url", image_url: { url: renderSource(part.source), ...detail } }];
    }
    case "document": {
      const filename = part.name === undefined ? {} : { filename: part.name };
      return [{ type: "file", file: { ...filename, file_data: renderSource(part.source) } }];
    }
    case "refusal":
      return [{ type: "refusal", refusal: part.text }];
    case "tool_call":
    case "tool_result":
    case "reasoning":
    case "opaque":
      return [];
  }
}

function renderSource(source: MediaSource): string {
  switch (source.kind) {
    case "url":
      return source.url;
    case "base64":
      return `data:${source.mediaType};base64,${source.data}`;
    case "text":
      return `data:${source.mediaType};base64,${encodeBase64(source.text)}`;
    case "file":
      return source.id;
  }
}

function renderAssistant(content: readonly ContentPart[]): JsonObject {
  const said = content.filter((part) => part.type === "text" || part.type === "refusal");
  const calls: JsonObject[] = [];
  for (const part of content) {
    if (part.type !== "tool_call") continue;
    calls.push({ id: part.id, type: "function", function: { name: part.name, arguments: part.arguments } });
  }
  return {
    role: "assistant",
    content: said.length === 0 && calls.length > 0 ? null : renderContent(said),
    ...(calls.length > 0 && { tool_calls: calls }),
  };
}
