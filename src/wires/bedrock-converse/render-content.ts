/**
 * Messages of the contract as this wire's conversation. Owns its rules: a user begins, roles take turns, results of
 * tools belong to the user, no text is blank, documents have names of their own and text beside them.
 */
import { fault } from "../../core/faults.ts";
import { isRecord } from "../../core/json.ts";
import type { ContentPart, MediaSource, Message, ModelRequest } from "../../core/request.ts";
import { EMPTY_TURN, isBlank, isEmptyTurn } from "../blank-texts.ts";
import { isSealed } from "../claude-seal.ts";
import { AS_WRITTEN, type CallIds, FittingIds } from "../fitting-ids.ts";
import { type Losses, lose, loseReasoning } from "../losses.ts";
import { noOwnMessages, type OwnMessages, ownMessages } from "../own-messages.ts";
import { toInput } from "../tool-input.ts";
import type { JsonObject, LowerTarget } from "../wire.ts";
import { asBlob } from "./blob.ts";
import type { CachePoints } from "./cache-points.ts";
import { CALL_IDS } from "./call-ids.ts";
import { nameDocument } from "./document-name.ts";
import { WIRE_ID } from "./fields.ts";
import { DOCUMENT_FORMATS, documentFormat, formatOfName, IMAGE_FORMATS, imageFormat } from "./formats.ts";

export interface Conversation {
  readonly system: readonly JsonObject[];
  readonly messages: readonly JsonObject[];
}

/** What the parts of one conversation must know of each other. */
interface Draft {
  readonly system: JsonObject[];
  readonly messages: { readonly role: "user" | "assistant"; readonly content: JsonObject[] }[];
  readonly own: OwnMessages<readonly JsonObject[]>;
  readonly ids: CallIds;
  readonly documentNames: Set<string>;
  readonly caches: CachePoints | null;
  readonly thinks: boolean;
  readonly losses: Losses;
}

/** A conversation cannot be empty or begin with the model. */
const OPENING = { text: "(The conversation goes on from here.)" };
/** A result must say something. */
const NO_OUTPUT = { text: "(no output)" };
/** A document cannot stand alone. */
const SEE_DOCUMENT = { text: "(See the attached document.)" };
/** An object in S3 is the one file that Bedrock reads where it lies. */
const OBJECT = "s3://";

/** System messages lead, wherever they stood. Content that cannot be carried is the fault of `losses`. */
export function renderConversation(
  request: ModelRequest,
  target: LowerTarget,
  caches: CachePoints,
  losses: Losses,
): Conversation {
  return renderMessages(request, {
    system: [],
    messages: [],
    own: noOwnMessages(),
    ids: new FittingIds(CALL_IDS),
    documentNames: new Set(),
    caches,
    thinks: target.capabilities.has("reasoning"),
    losses,
  });
}

/**
 * The same of a caller of this wire, whose messages stay as it wrote them, whatever stands before, between and behind
 * them now. What of their blocks and ids the model refuses is still in it.
 */
export function renderRewritten(request: ModelRequest, losses: Losses): Conversation {
  return renderMessages(request, {
    system: [],
    messages: [],
    own: ownBlocks(request),
    ids: AS_WRITTEN,
    documentNames: new Set(),
    caches: null,
    thinks: true,
    losses,
  });
}

/** The blocks of a body of this wire, by the messages that were read of it. */
function ownBlocks(request: ModelRequest): OwnMessages<readonly JsonObject[]> {
  const { body } = request.origin;
  const { system, messages } =
    isRecord(body.input) && isRecord(body.input.converse) ? body.input.converse : body;
  const turns: readonly JsonObject[] = Array.isArray(messages) ? messages : [];
  const written = turns.map(({ content }) => (Array.isArray(content) ? content : undefined));
  const leads = Array.isArray(system) && system.length > 0;
  return ownMessages(request, leads ? [system, ...written] : written);
}

function renderMessages({ messages }: ModelRequest, draft: Draft): Conversation {
  const leading = messages.filter(({ role }) => role === "system");
  for (const message of leading) draft.system.push(...blocksOf(message, draft, "messages"));
  for (const [index, message] of messages.entries()) {
    if (message.role !== "system") renderTurn(message, draft, `messages[${index}].content`);
  }
  if (draft.messages[0]?.role !== "user") draft.messages.unshift({ role: "user", content: [OPENING] });
  for (const { content } of draft.messages) {
    if (content.length === 0) content.push({ text: EMPTY_TURN });
    const documents = content.some((block) => block.document !== undefined);
    if (documents && !content.some((block) => block.text !== undefined)) content.push(SEE_DOCUMENT);
  }
  return draft;
}

function renderTurn(message: Message, draft: Draft, path: string): void {
  const content = blocksOf(message, draft, path);
  if (content.length === 0 && !isEmptyTurn(message)) return;
  const role = message.role === "assistant" ? "assistant" : "user";
  const last = draft.messages[draft.messages.length - 1];
  if (last?.role === role) last.content.push(...content);
  else draft.messages.push({ role, content: [...content] });
}

function blocksOf(message: Message, draft: Draft, path: string): readonly JsonObject[] {
  const sent = draft.own.get(message);
  if (sent !== undefined) return sent;
  const content: JsonObject[] = [];
  renderParts(message.content, content, draft, path);
  return content;
}

function renderParts(parts: readonly ContentPart[], into: JsonObject[], draft: Draft, path: string): void {
  for (const part of parts) {
    const block = renderPart(part, draft, path);
    if (block === null) continue;
    into.push(block);
    const point = "cache" in part && draft.caches !== null ? draft.caches.render(part.cache) : null;
    if (point !== null) into.push(point);
  }
}

/** Null where nothing is sent. */
function renderPart(part: ContentPart, draft: Draft, path: string): JsonObject | null {
  switch (part.type) {
    case "text":
    case "refusal":
      return isBlank(part.text) ? null : { text: part.text };
    case "image":
      return renderImage(part, draft, path);
    case "document":
      return renderDocument(part, draft, path);
    case "tool_call": {
      const toolUseId = draft.ids.call(part.id);
      return { toolUse: { toolUseId, name: part.name, input: toInput(part.arguments) } };
    }
    case "tool_result":
      return renderToolResult(part, draft, path);
    case "reasoning":
      return draft.thinks ? renderReasoning(part, draft) : null;
    case "opaque":
      return part.wire === WIRE_ID ? part.value : null;
  }
}

/**
 * Reasoning that nobody signed, or that a provider of another wire did, would be refused; it is left out. Who signed it
 * stands on the seal itself: callers of any wire hand back what models of this one said.
 */
function renderReasoning(part: Extract<ContentPart, { type: "reasoning" }>, draft: Draft): JsonObject | null {
  const { text, signature, redacted } = part;
  if (!isSealed(part)) {
    loseReasoning(draft.losses, (signature ?? redacted) !== undefined);
    return null;
  }
  if (redacted !== undefined) return { reasoningContent: { redactedContent: asBlob(redacted) } };
  return { reasoningContent: { reasoningText: { text, signature } } };
}

function renderToolResult(
  part: Extract<ContentPart, { type: "tool_result" }>,
  draft: Draft,
  path: string,
): JsonObject {
  const content: JsonObject[] = [];
  renderParts(part.content, content, { ...draft, caches: null }, path);
  if (content.length === 0) content.push(NO_OUTPUT);
  const status = part.isError === true ? { status: "error" } : {};
  return { toolResult: { toolUseId: draft.ids.result(part.callId), content, ...status } };
}

function renderImage(
  { source, detail }: Extract<ContentPart, { type: "image" }>,
  draft: Draft,
  path: string,
): JsonObject | null {
  if (detail !== undefined && detail !== "auto") lose(draft.losses, "detail");
  const bytes = renderSource(source, draft, path);
  if (bytes === null) return null;
  const format =
    source.kind === "base64"
      ? imageFormat(source.mediaType)
      : formatOfName(nameOfSource(source), IMAGE_FORMATS);
  if (format !== null) return { image: { format, source: bytes } };
  return refuse(draft, path, unknownFormat("image", IMAGE_FORMATS));
}

function renderDocument(
  { source, name }: Extract<ContentPart, { type: "document" }>,
  draft: Draft,
  path: string,
): JsonObject | null {
  const bytes = renderSource(source, draft, path);
  if (bytes === null) return null;
  const stated = "mediaType" in source ? documentFormat(source.mediaType) : null;
  const format = stated ?? formatOfName(nameOfSource(source) || (name ?? ""), DOCUMENT_FORMATS);
  if (format === null) return refuse(draft, path, unknownFormat("document", DOCUMENT_FORMATS));
  return { document: { format, name: nameDocument(name, draft.documentNames), source: bytes } };
}

function renderSource(source: MediaSource, draft: Draft, path: string): JsonObject | null {
  switch (source.kind) {
    case "base64":
      return { bytes: source.data };
    case "text":
      return { text: source.text };
    case "url":
      return refuse(draft, path, NOTHING_FETCHED);
    case "file":
      if (source.id.startsWith(OBJECT)) return { s3Location: { uri: source.id } };
      return refuse(draft, path, NO_UPLOADS);
  }
}

function nameOfSource(source: MediaSource): string {
  return source.kind === "file" ? source.id : "";
}

const NOTHING_FETCHED =
  "The chosen model is reached through Amazon Bedrock, which fetches nothing from the web. Send the content itself as base64.";
const NO_UPLOADS =
  "The chosen model is reached through Amazon Bedrock, which knows no uploaded files. Send the content itself as base64.";

function unknownFormat(what: string, formats: readonly string[]): string {
  const known = formats.join(", ");
  return `The chosen model is reached through Amazon Bedrock, which takes no such ${what}. Send one of ${known}; of an object in S3, the end of its name must tell which.`;
}

function refuse(draft: Draft, param: string, message: string): null {
  draft.losses.fault ??= fault("invalid", "unsupported_content", message, { param });
  return null;
}
