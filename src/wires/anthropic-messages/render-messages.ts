/** The contract's messages as this wire's. Owns turns, blocks and where a system prompt goes. */
import { fault } from "../../core/faults.ts";
import type { ContentPart, MediaSource, Message, ModelRequest, WireId } from "../../core/request.ts";
import { decodeBase64 } from "../base64.ts";
import { EMPTY_TURN, isBlank, isEmptyTurn } from "../blank-texts.ts";
import { isSealed } from "../claude-seal.ts";
import type { CallIds } from "../fitting-ids.ts";
import { type Losses, lose, loseReasoning, nameOf } from "../losses.ts";
import { noOwnMessages, type OwnMessages, ownMessages } from "../own-messages.ts";
import { toInput } from "../tool-input.ts";
import type { JsonObject } from "../wire.ts";
import { WIRE_ID } from "./fields.ts";

export type Block = Record<string, unknown>;

/** What rendering must know, and what it gathers on the way. */
export interface Rendering {
  readonly origin: WireId;
  readonly ids: CallIds;
  /** False: the model has no prompt cache, and breakpoints are left out. */
  readonly caches: boolean;
  /** False: the model cannot be held to a schema of a tool's arguments. */
  readonly enforces: boolean;
  /** Blocks and tools with a breakpoint, in the prompt's order. */
  readonly breakpoints: Block[];
  readonly losses: Losses;
}

export interface RenderedMessages {
  readonly system: string | readonly Block[] | null;
  readonly messages: readonly JsonObject[];
}

interface Turn {
  readonly role: "user" | "assistant" | "system";
  readonly blocks: Block[];
}

/**
 * Turns with consecutive ones of a role joined, tool results in the user's. System messages go into `system`,
 * also later ones, as only the newest models take them in between; a request that came in on this wire keeps
 * those where they were. A conversation of system messages alone is sent as the user's, as one turn must be; a user's turn
 * that says nothing is sent as saying so. `own`: what the caller wrote itself, which stays as it is.
 */
export function renderMessages(
  messages: readonly Message[],
  rendering: Rendering,
  own: OwnMessages<readonly Block[]> = noOwnMessages(),
): RenderedMessages {
  const system: Block[] = [];
  const turns: Turn[] = [];
  const inPlace = rendering.origin === WIRE_ID;
  for (const [index, message] of messages.entries()) {
    const path = `messages[${index}].content`;
    const blocks = own.get(message) ?? renderBlocks(message.content, path, rendering);
    if (blocks.length === 0 && !isEmptyTurn(message)) continue;
    if (message.role !== "system")
      addTurn(turns, message.role === "assistant" ? "assistant" : "user", blocks);
    else if (inPlace && turns.length > 0) addTurn(turns, "system", blocks);
    else system.push(...blocks);
  }
  if (turns.length === 0) return { system: null, messages: [{ role: "user", content: shortest(system) }] };
  return {
    system: system.length === 0 ? null : shortest(system),
    messages: turns.map(({ role, blocks }) => ({
      role,
      content: blocks.length === 0 ? EMPTY_TURN : shortest(blocks),
    })),
  };
}

/** The blocks of a body of this wire, by the messages that were read of it. */
export function ownBlocks(request: ModelRequest): OwnMessages<readonly Block[]> {
  const { system, messages } = request.origin.body;
  const turns: readonly JsonObject[] = Array.isArray(messages) ? messages : [];
  const leading = blocksOf(system);
  const written = turns.map(({ content }) => blocksOf(content));
  return ownMessages(request, leading.length === 0 ? written : [leading, ...written]);
}

function blocksOf(content: unknown): readonly Block[] {
  if (Array.isArray(content)) return content;
  return typeof content === "string" && content !== "" ? [{ type: "text", text: content }] : [];
}

function addTurn(turns: Turn[], role: Turn["role"], blocks: readonly Block[]): void {
  const last = turns[turns.length - 1];
  if (last?.role === role) last.blocks.push(...blocks);
  else turns.push({ role, blocks: [...blocks] });
}

/** A single plain text needs no blocks. */
function shortest(blocks: Block[]): string | readonly Block[] {
  const only = blocks[0];
  const isPlain = blocks.length === 1 && only?.type === "text" && Object.keys(only).length === 2;
  return isPlain && typeof only.text === "string" ? only.text : blocks;
}

function renderBlocks(parts: readonly ContentPart[], path: string, rendering: Rendering): Block[] {
  const blocks: Block[] = [];
  for (const part of parts) {
    const block = renderPart(part, path, rendering);
    if (block === null) continue;
    if ("cache" in part && part.cache !== undefined) markCached(block, part.cache.ttl, rendering);
    blocks.push(block);
  }
  return blocks;
}

/** Also of a tool. */
export function markCached(block: Block, ttl: "5m" | "1h" | undefined, rendering: Rendering): void {
  if (!rendering.caches) {
    lose(rendering.losses, nameOf("cache", rendering.origin));
    return;
  }
  block.cache_control = ttl === undefined ? { type: "ephemeral" } : { type: "ephemeral", ttl };
  rendering.breakpoints.push(block);
}

/** Null for what the wire cannot carry: blank texts, reasoning of other providers, and other wires' own content. */
function renderPart(part: ContentPart, path: string, rendering: Rendering): Block | null {
  switch (part.type) {
    case "text":
    case "refusal":
      return isBlank(part.text) ? null : { type: "text", text: part.text };
    case "image":
      if (part.detail !== undefined && part.detail !== "auto") lose(rendering.losses, "detail");
      return { type: "image", source: imageSource(part.source) };
    case "document":
      return renderDocument(part, path, rendering);
    case "tool_call":
      return {
        type: "tool_use",
        id: rendering.ids.call(part.id),
        name: part.name,
        input: toInput(part.arguments),
      };
    case "tool_result":
      return renderResult(part, path, rendering);
    case "reasoning":
      if (!isSealed(part)) {
        loseReasoning(rendering.losses, (part.signature ?? part.redacted) !== undefined);
        return null;
      }
      if (part.redacted !== undefined) return { type: "redacted_thinking", data: part.redacted };
      return { type: "thinking", thinking: part.text, signature: part.signature };
    case "opaque":
      return part.wire === WIRE_ID ? { ...part.value } : null;
  }
}

function renderResult(
  part: Extract<ContentPart, { type: "tool_result" }>,
  path: string,
  rendering: Rendering,
): Block {
  const block: Block = { type: "tool_result", tool_use_id: rendering.ids.result(part.callId) };
  const content = renderBlocks(part.content, path, rendering);
  if (content.length > 0) block.content = shortest(content);
  if (part.isError !== undefined) block.is_error = part.isError;
  return block;
}

function imageSource(source: MediaSource): JsonObject {
  switch (source.kind) {
    case "url":
      return { type: "url", url: source.url };
    case "base64":
      return { type: "base64", media_type: source.mediaType, data: source.data };
    case "text":
      return { type: "text", media_type: source.mediaType, data: source.text };
    case "file":
      return { type: "file", file_id: source.id };
  }
}

function renderDocument(
  part: Extract<ContentPart, { type: "document" }>,
  path: string,
  rendering: Rendering,
): Block | null {
  const source = documentSource(part.source);
  if (source === null) {
    const message =
      "The chosen model reads PDF and plain text documents only. Send the document in one of these.";
    rendering.losses.fault ??= fault("invalid", "unsupported_content", message, { param: path });
    return null;
  }
  return part.name === undefined
    ? { type: "document", source }
    : { type: "document", source, title: part.name };
}

function documentSource(source: MediaSource): JsonObject | null {
  if (source.kind === "text") return { type: "text", media_type: "text/plain", data: source.text };
  if (source.kind !== "base64" || source.mediaType === "application/pdf") return imageSource(source);
  if (!/^(?:text\/|application\/json$)/.test(source.mediaType)) return null;
  const bytes = decodeBase64(source.data);
  return bytes === null
    ? null
    : { type: "text", media_type: "text/plain", data: new TextDecoder().decode(bytes) };
}
