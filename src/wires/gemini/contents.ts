/** Messages as contents of this wire. Owns roles, parts, signatures and the names that tool results need. */
import { isRecord } from "../../core/json.ts";
import type { ContentPart, Message, ModelRequest } from "../../core/request.ts";
import { EMPTY_TURN, isEmptyTurn } from "../blank-texts.ts";
import { noOwnMessages, type OwnMessages, ownMessages } from "../own-messages.ts";
import type { JsonObject } from "../wire.ts";
import { isMadeCallId } from "./call-ids.ts";
import { parseObject, toArguments, WIRE_ID } from "./fields.ts";
import { renderMedia } from "./media.ts";
import { demandsSignatures, ownSignature, UNSIGNED } from "./signature.ts";

type Part = Record<string, unknown>;

export interface Conversation {
  readonly contents: readonly JsonObject[];
  readonly systemInstruction: JsonObject | null;
}

interface Ground {
  /** Names of the functions called so far, by the id of the call. */
  readonly names: Map<string, string>;
  /** What stands for the signature of a call that has none; null where the model demands none. */
  readonly unsigned: string | null;
}

/** A content of a body of this wire. */
export interface OwnContent extends JsonObject {
  readonly parts: readonly Part[];
}

/** The contents of a body of this wire, by the messages that were read of them. */
export function ownContents(request: ModelRequest): OwnMessages<OwnContent> {
  const { systemInstruction: system, contents } = request.origin.body;
  const written: readonly unknown[] = Array.isArray(contents) ? contents : [];
  return ownMessages(request, (system ? [system, ...written] : written).map(ownContent));
}

function ownContent(content: unknown): OwnContent | undefined {
  return isRecord(content) && Array.isArray(content.parts) ? { ...content, parts: content.parts } : undefined;
}

/**
 * System messages become the one instruction, wherever they stood. Results of tools that follow one another
 * are one turn: the API wants as many responses in a turn as there were calls. `own`: what the caller wrote itself,
 * which stays as it is.
 */
export function renderConversation(
  messages: readonly Message[],
  modelId: string,
  own: OwnMessages<OwnContent> = noOwnMessages(),
): Conversation {
  const contents: { readonly role?: unknown; readonly parts: Part[] }[] = [];
  const system: Part[] = [];
  const ground: Ground = { names: new Map(), unsigned: demandsSignatures(modelId) ? UNSIGNED : null };
  let previous: Message["role"] | null = null;
  for (const message of messages) {
    const { role, content } = message;
    const sent = own.get(message);
    // Also where it is not sent: what follows is named by the calls in it.
    const rendered = role === "assistant" ? renderTurn(content, ground) : renderParts(content, ground);
    const parts = sent === undefined ? rendered : [...sent.parts];
    if (parts.length === 0 && !isEmptyTurn(message)) continue;
    if (parts.length === 0) parts.push({ text: EMPTY_TURN });
    const last = contents.at(-1);
    if (role === "system") system.push(...parts);
    else if (sent !== undefined) contents.push({ ...sent, parts });
    else if (role === "tool" && previous === "tool" && last !== undefined) last.parts.push(...parts);
    else contents.push({ role: role === "assistant" ? "model" : "user", parts });
    if (role !== "system") previous = role;
  }
  // The API answers no instruction alone.
  if (contents.length === 0) return { contents: [{ role: "user", parts: system }], systemInstruction: null };
  return { contents, systemInstruction: system.length === 0 ? null : { parts: system } };
}

/**
 * A caller's own contents without the empty texts of the model's turns, which the API refuses, and without the turns that
 * hold nothing else. An empty text with a signature is the API's own. The very same list where there is nothing to do.
 */
export function withoutEmptyTexts(contents: unknown): unknown {
  if (!Array.isArray(contents) || !contents.some(hasEmptyText)) return contents;
  return contents.flatMap((content) => {
    if (!hasEmptyText(content)) return [content];
    const parts = content.parts.filter((part) => !isEmptyText(part));
    return parts.length === 0 ? [] : [{ ...content, parts }];
  });
}

function hasEmptyText(content: unknown): content is OwnContent {
  if (!isRecord(content) || content.role !== "model" || !Array.isArray(content.parts)) return false;
  return content.parts.length === 0 || content.parts.some(isEmptyText);
}

function isEmptyText(part: unknown): boolean {
  return isRecord(part) && part.text === "" && Object.keys(part).length === 1;
}

/**
 * What the model said. A signature goes on the part that follows it, where it was when the API sent it; other
 * dialects hang it on the thoughts before a call, from where it goes back to the call.
 */
function renderTurn(content: readonly ContentPart[], ground: Ground): Part[] {
  const parts: Part[] = [];
  let signature: string | null = null;
  let called = false;
  for (const [position, part] of content.entries()) {
    if (part.type === "reasoning") {
      const own = ownSignature(part.signature);
      const isHeld = part.text === "" || content[position + 1]?.type === "tool_call";
      if (part.text !== "") parts.push({ text: part.text, thought: true, ...(isHeld ? {} : signed(own)) });
      if (isHeld) signature = own ?? signature;
      continue;
    }
    const isFirstCall: boolean = part.type === "tool_call" && !called;
    const [first, ...rest] = renderParts([part], ground);
    if (first === undefined) continue;
    parts.push({ ...first, ...signed(signature ?? (isFirstCall ? ground.unsigned : null)) }, ...rest);
    called ||= isFirstCall;
    signature = null;
  }
  if (signature !== null) parts.push({ text: "", ...signed(signature) });
  return parts;
}

function signed(signature: string | null): JsonObject {
  return signature === null ? {} : { thoughtSignature: signature };
}

/** The API refuses empty texts; reasoning and other wires' own content have no place in a user's turn. */
function renderParts(content: readonly ContentPart[], ground: Ground): Part[] {
  const parts: Part[] = [];
  for (const part of content) {
    switch (part.type) {
      case "text":
      case "refusal":
        if (part.text !== "") parts.push({ text: part.text });
        break;
      case "image":
      case "document":
        parts.push({ ...renderMedia(part) });
        break;
      case "tool_call":
        parts.push(renderCall(part, ground));
        break;
      case "tool_result":
        parts.push(...renderResult(part, ground));
        break;
      case "opaque":
        if (part.wire === WIRE_ID) parts.push({ ...part.value });
        break;
      case "reasoning":
        break;
    }
  }
  return parts;
}

function renderCall(call: Extract<ContentPart, { type: "tool_call" }>, { names }: Ground): Part {
  names.set(call.id, call.name);
  const id = isMadeCallId(call.id) ? {} : { id: call.id };
  return { functionCall: { ...id, name: call.name, args: toArguments(call.arguments) } };
}

/** Images in a result follow it: older models take none inside. */
function renderResult(result: Extract<ContentPart, { type: "tool_result" }>, ground: Ground): Part[] {
  const { callId, content, isError } = result;
  let text = "";
  for (const part of content) if (part.type === "text") text += part.text;
  const media = content.filter((part) => part.type === "image" || part.type === "document");
  const id = isMadeCallId(callId) ? {} : { id: callId };
  const name = ground.names.get(callId) ?? callId;
  const functionResponse = { ...id, name, response: renderResponse(text, isError === true) };
  return [{ functionResponse }, ...media.map((part) => ({ ...renderMedia(part) }))];
}

/** The API takes objects alone, and knows failures by the field `error`. */
function renderResponse(text: string, isError: boolean): JsonObject {
  const object = parseObject(text);
  if (!isError) return object ?? { result: text };
  return object !== null && "error" in object ? object : { error: object ?? text };
}

/** `contents` without the ids of calls and responses, which Vertex AI refuses. */
export function withoutCallIds(contents: unknown): unknown {
  if (!Array.isArray(contents)) return contents;
  return contents.map((content: unknown) => {
    if (!isRecord(content) || !Array.isArray(content.parts)) return content;
    return { ...content, parts: content.parts.map(withoutCallId) };
  });
}

function withoutCallId(part: unknown): unknown {
  if (!isRecord(part)) return part;
  const { functionCall, functionResponse } = part;
  if (isRecord(functionCall)) return { ...part, functionCall: withoutId(functionCall) };
  return isRecord(functionResponse) ? { ...part, functionResponse: withoutId(functionResponse) } : part;
}

function withoutId(record: JsonObject): JsonObject {
  const { id: _id, ...rest } = record;
  return rest;
}
