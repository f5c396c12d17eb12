/** A caller's contents as messages. Owns roles, parts and whose answer a function response is. */
import { type Fault, fault } from "../../core/faults.ts";
import type { ContentPart, Message } from "../../core/request.ts";
import type { JsonObject } from "../wire.ts";
import { makeTurnCallId } from "./call-ids.ts";
import { parseObject, WIRE_ID } from "./fields.ts";
import { readMedia } from "./media.ts";
import type { GeminiContent, GeminiPart } from "./request-schema.ts";
import { readSignature } from "./signature.ts";

/** Fields of a part that say something about what it holds, and hold nothing themselves. */
const BESIDE: ReadonlySet<string> = new Set([
  "thought",
  "thoughtSignature",
  "videoMetadata",
  "mediaResolution",
]);

interface Call {
  readonly id: string;
  readonly name: string;
  answered: boolean;
}

/** The messages, or the fault of the first part that holds nothing. Addresses are left for the provider. */
export function readMessages(contents: readonly GeminiContent[]): readonly Message[] | Fault {
  const messages: Message[] = [];
  const calls: Call[] = [];
  for (const [index, { role, parts }] of contents.entries()) {
    const content = readParts(parts, calls, `contents[${index}]`);
    if ("kind" in content) return content;
    messages.push({ role: roleOf(role, content), content });
  }
  return messages;
}

/** The system instruction's text; other parts have no place there. */
export function readSystem(parts: readonly GeminiPart[]): Message {
  const content: ContentPart[] = [];
  for (const { text } of parts) if (typeof text === "string") content.push({ type: "text", text });
  return { role: "system", content };
}

function roleOf(role: GeminiContent["role"], content: readonly ContentPart[]): Message["role"] {
  if (role === "model") return "assistant";
  return content.every((part) => part.type === "tool_result") ? "tool" : "user";
}

function readParts(
  parts: readonly GeminiPart[],
  calls: Call[],
  path: string,
): readonly ContentPart[] | Fault {
  const content: ContentPart[] = [];
  for (const [position, part] of parts.entries()) {
    if (readPart(part, calls, content)) continue;
    const param = `${path}.parts[${position}]`;
    const message = `\`${param}\` is empty. Add \`text\`, \`inlineData\` or another kind of content.`;
    return fault("invalid", "missing_field", message, { param });
  }
  return content;
}

/** Appends what a part says; false where it says nothing. */
function readPart(part: GeminiPart, calls: Call[], content: ContentPart[]): boolean {
  const signature = readSignature(part.thoughtSignature);
  if (typeof part.text === "string" && part.thought === true) {
    content.push({ type: "reasoning", text: part.text, ...(signature !== null && { signature }) });
    return true;
  }
  const said = readContent(part, calls);
  if (said === null && signature === null) return false;
  // What is signed follows its signature: the contract knows signed reasoning alone.
  if (signature !== null && said?.type !== "opaque") content.push({ type: "reasoning", text: "", signature });
  if (said !== null && !(said.type === "text" && said.text === "" && signature !== null)) content.push(said);
  return true;
}

function readContent(part: GeminiPart, calls: Call[]): ContentPart | null {
  const { text, functionCall, functionResponse } = part;
  if (typeof text === "string") return { type: "text", text };
  if (functionCall) return readCall(functionCall, calls);
  if (functionResponse) return readResponse(functionResponse, calls);
  if (!Object.entries(part).some(([key, value]) => !BESIDE.has(key) && isPresent(value))) return null;
  return readMedia(part) ?? { type: "opaque", wire: WIRE_ID, value: part };
}

function isPresent(value: unknown): boolean {
  return value !== null && value !== undefined;
}

function readCall(
  { id: stated, name, args }: NonNullable<GeminiPart["functionCall"]>,
  calls: Call[],
): ContentPart {
  const id = stated || makeTurnCallId(calls.length);
  calls.push({ id, name, answered: false });
  return { type: "tool_call", id, name, arguments: JSON.stringify(args ?? {}) };
}

/** Without an id a response answers the first unanswered call of its function. */
function readResponse(
  { id, name, response }: NonNullable<GeminiPart["functionResponse"]>,
  calls: Call[],
): ContentPart {
  const call = calls.find((known) => !known.answered && (id ? known.id === id : known.name === name));
  if (call !== undefined) call.answered = true;
  const callId = id || (call?.id ?? name);
  const { text, isError } = readResult(response ?? {});
  return { type: "tool_result", callId, content: [{ type: "text", text }], ...(isError && { isError }) };
}

/** Bare texts travel as `{result}` or `{error}`; any other object is the result itself. */
function readResult(response: JsonObject): { readonly text: string; readonly isError: boolean } {
  const [key, another] = Object.keys(response);
  const isError = key === "error" && another === undefined;
  const only = (isError || key === "result") && another === undefined ? response[key] : null;
  const isBare = typeof only === "string" && parseObject(only) === null;
  return { text: isBare ? only : JSON.stringify(response), isError };
}
