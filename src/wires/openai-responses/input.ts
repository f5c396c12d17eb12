/** Input items as messages. Owns which items make one message; other sections of a request are not its job. */
import type { z } from "zod";
import { type Fault, fault } from "../../core/faults.ts";
import type { ContentPart, Message, ModelRequest } from "../../core/request.ts";
import { issueFault } from "../issues.ts";
import { noOwnMessages, type OwnMessages, ownMessages } from "../own-messages.ts";
import { plainly } from "../plain-schema.ts";
import type { JsonObject } from "../wire.ts";
import { isOwnId, readEncrypted, WIRE_ID } from "./fields.ts";
import { readContent } from "./parts.ts";
import {
  callOutputSchema,
  callSchema,
  messageSchema,
  type ResponsesRequest,
  reasoningSchema,
} from "./request-schema.ts";

const checkCall = plainly(callSchema);
const checkOutput = plainly(callOutputSchema);
const checkMessage = plainly(messageSchema);
const checkReasoning = plainly(reasoningSchema);

type Role = Message["role"];
type Draft = { readonly role: Role; readonly content: ContentPart[] };

/** Items whose content stands on the caller's side of the conversation. */
const RESULTS = /_(?:output|response)$/;

const ITEM_REFERENCE = "item_reference";
const SEND_ITEM =
  "`item_reference` names an item that the chosen model's provider does not have. Send the item itself, as with `store: false`.";

/** The messages, or the fault of the first item that cannot be taken. `body` is looked at for what is there. */
export function readInput(
  { instructions, input }: ResponsesRequest,
  body: JsonObject,
): readonly Message[] | Fault {
  const read = readWhole(instructions, input, body);
  return "kind" in read ? read : read.messages;
}

/** The items of a body that was read before, by the messages that were read of them. */
export function ownItems(request: ModelRequest): OwnMessages<readonly JsonObject[]> {
  const { body } = request.origin;
  const { instructions, input } = body;
  const read = readWhole(
    typeof instructions === "string" ? instructions : null,
    Array.isArray(input) ? input : "",
    body,
  );
  return "kind" in read ? noOwnMessages() : ownMessages(request, read.items);
}

interface Whole {
  readonly messages: readonly Message[];
  /** What each message was read of; undefined where that was a text and no item. */
  readonly items: readonly (readonly JsonObject[] | undefined)[];
}

function readWhole(
  instructions: string | null | undefined,
  input: string | readonly JsonObject[],
  body: JsonObject,
): Whole | Fault {
  const messages: Draft[] = [];
  const items: JsonObject[][] = [];
  if (instructions) messages.push({ role: "system", content: [{ type: "text", text: instructions }] });
  if (typeof input === "string") {
    messages.push({ role: "user", content: [{ type: "text", text: input }] });
    return { messages, items: messages.map(() => undefined) };
  }
  for (const [index, item] of input.entries()) {
    const why = readItem(item, index, messages, body);
    if (why !== null) return why;
    // Whether it began a message or went on with one, that is the last now.
    const own = items[messages.length - 1];
    if (own === undefined) items[messages.length - 1] = [item];
    else own.push(item);
  }
  return { messages, items: messages.map((_, index) => items[index]) };
}

/** The item as its schema reads it; null where its type has none. */
export function checkItem(item: JsonObject): z.ZodSafeParseResult<unknown> | null {
  switch (item.type) {
    case undefined:
    case null:
    case "message":
      return checkMessage(item);
    case "function_call":
      return checkCall(item);
    case "function_call_output":
      return checkOutput(item);
    case "reasoning":
      return checkReasoning(item);
    default:
      return null;
  }
}

function readItem(item: JsonObject, index: number, messages: Draft[], body: JsonObject): Fault | null {
  switch (item.type) {
    case undefined:
    case null:
    case "message":
      return readMessage(item, index, messages, body);
    case "function_call": {
      const call = parseItem(checkCall, item, index, body);
      if ("kind" in call) return call;
      const { call_id: id, name, arguments: text } = call.item;
      return join(messages, { type: "tool_call", id, name, arguments: text });
    }
    case "function_call_output":
      return readOutput(item, index, messages, body);
    case "reasoning": {
      const reasoning = parseItem(checkReasoning, item, index, body);
      return "kind" in reasoning ? reasoning : join(messages, reasoningPart(reasoning.item));
    }
    default:
      return readOther(item, index, messages);
  }
}

function readMessage(item: JsonObject, index: number, messages: Draft[], body: JsonObject): Fault | null {
  const message = parseItem(checkMessage, item, index, body);
  if ("kind" in message) return message;
  const { role: stated, content } = message.item;
  const parts = readContent(content, `input[${index}].content`);
  if ("kind" in parts) return parts;
  const role = stated === "developer" ? "system" : stated;
  if (parts.length === 0 && role !== "assistant") {
    const param = `input[${index}].content`;
    return fault("invalid", "invalid_value", `\`${param}\` must have at least 1 item.`, { param });
  }
  const last = messages[messages.length - 1];
  // What the model thought or called before belongs to the same turn; two messages in a row are two.
  const continues = role === "assistant" && last?.role === role && !isSaid(last.content.at(-1));
  if (continues) last.content.push(...parts);
  else messages.push({ role, content: parts.length === 0 ? [{ type: "text", text: "" }] : [...parts] });
  return null;
}

function isSaid(part: ContentPart | undefined): boolean {
  return part?.type === "text" || part?.type === "refusal";
}

function readOutput(item: JsonObject, index: number, messages: Draft[], body: JsonObject): Fault | null {
  const output = parseItem(checkOutput, item, index, body);
  if ("kind" in output) return output;
  const content = readContent(output.item.output, `input[${index}].output`);
  if ("kind" in content) return content;
  messages.push({ role: "tool", content: [{ type: "tool_result", callId: output.item.call_id, content }] });
  return null;
}

function reasoningPart(item: z.output<typeof reasoningSchema>): ContentPart {
  const texts = item.summary?.length ? item.summary : (item.content ?? []);
  const text = texts.map((part) => part.text).join("\n\n");
  const sealed = item.encrypted_content ? readEncrypted(item.encrypted_content) : null;
  return { type: "reasoning", text, ...sealed };
}

/** Items of built-in tools, references and whatever comes next: the contract does not model them. */
function readOther(item: JsonObject, index: number, messages: Draft[]): Fault | null {
  const { type } = item;
  if (typeof type !== "string" || type === "") {
    const param = `input[${index}].type`;
    return fault("invalid", "invalid_type", `\`${param}\` must be a string.`, { param });
  }
  if (type === ITEM_REFERENCE && isOwnId(item.id)) {
    return fault("invalid", "unsupported_content", SEND_ITEM, { param: `input[${index}]` });
  }
  const instead = type === ITEM_REFERENCE ? { instead: SEND_ITEM } : {};
  const part: ContentPart = { type: "opaque", wire: WIRE_ID, value: item, ...instead };
  if (!RESULTS.test(type)) return join(messages, part);
  messages.push({ role: "user", content: [part] });
  return null;
}

/** Adds to the assistant's turn under way, or begins one. */
function join(messages: Draft[], part: ContentPart): null {
  const last = messages[messages.length - 1];
  if (last?.role === "assistant") last.content.push(part);
  else messages.push({ role: "assistant", content: [part] });
  return null;
}

function parseItem<Item>(
  check: (item: JsonObject) => z.ZodSafeParseResult<Item>,
  item: JsonObject,
  index: number,
  body: JsonObject,
): { readonly item: Item } | Fault {
  const parsed = check(item);
  if (parsed.success) return { item: parsed.data };
  const issues = parsed.error.issues.map((issue) => ({ ...issue, path: ["input", index, ...issue.path] }));
  return issueFault(issues, body);
}
