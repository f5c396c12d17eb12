/** Messages and their parts, both ways. Owns the spelling of each; knows no other section of a request. */
import { type Fault, fault } from "../../core/faults.ts";
import type { CacheHint, ContentPart, MediaSource, Message } from "../../core/request.ts";
import type { JsonObject } from "../wire.ts";
import type { NativeMessage, NativePart, NativeSource } from "./request-schema.ts";

/** The messages, or the fault of the first part that its role cannot have. */
export function readMessages(messages: readonly NativeMessage[]): readonly Message[] | Fault {
  for (const [index, { role, content }] of messages.entries()) {
    if (typeof content === "string") continue;
    const at = content.findIndex(({ type }) => !fits(type, role));
    if (at === -1) continue;
    const param = `messages[${index}].content[${at}].type`;
    const message = `\`${param}\` does not go with the message's role. Calls are the assistant's; results are the user's or the tool's.`;
    return fault("invalid", "invalid_value", message, { param });
  }
  return messages.map(({ role, content }) => ({ role, content: readParts(content) }));
}

function fits(type: NativePart["type"], role: NativeMessage["role"]): boolean {
  if (type === "tool_call") return role === "assistant";
  return type !== "tool_result" || role === "user" || role === "tool";
}

function readParts(content: string | readonly NativePart[]): readonly ContentPart[] {
  return typeof content === "string" ? [{ type: "text", text: content }] : content.map(readPart);
}

function readPart(part: NativePart): ContentPart {
  switch (part.type) {
    case "text":
      return { type: "text", text: part.text, ...cacheOf(part) };
    case "image": {
      const detail = part.detail ? { detail: part.detail } : {};
      return { type: "image", source: readSource(part.source), ...detail, ...cacheOf(part) };
    }
    case "document": {
      const name = part.name ? { name: part.name } : {};
      return { type: "document", source: readSource(part.source), ...name, ...cacheOf(part) };
    }
    case "tool_call": {
      const text = typeof part.arguments === "string" ? part.arguments : JSON.stringify(part.arguments);
      return { type: "tool_call", id: part.id, name: part.name, arguments: text, ...cacheOf(part) };
    }
    case "tool_result": {
      const content = readParts(part.content);
      const isError = typeof part.is_error === "boolean" ? { isError: part.is_error } : {};
      return { type: "tool_result", callId: part.call_id, content, ...isError, ...cacheOf(part) };
    }
    case "reasoning": {
      const { text, signature, redacted } = part;
      return { type: "reasoning", text, ...(signature && { signature }), ...(redacted && { redacted }) };
    }
    case "refusal":
    case "opaque":
      return part;
  }
}

export function cacheOf(part: {
  readonly cache?: { readonly ttl?: CacheHint["ttl"] | null | undefined } | null | undefined;
}): {
  readonly cache?: CacheHint;
} {
  if (!part.cache) return {};
  return { cache: part.cache.ttl ? { ttl: part.cache.ttl } : {} };
}

function readSource(source: NativeSource): MediaSource {
  switch (source.kind) {
    case "base64":
      return { kind: "base64", mediaType: source.media_type, data: source.data };
    case "text":
      return { kind: "text", mediaType: source.media_type, text: source.text };
    case "url":
    case "file":
      return source;
  }
}

export function renderMessages(messages: readonly Message[]): readonly JsonObject[] {
  return messages.map(({ role, content }) => ({ role, content: renderParts(content) }));
}

/** Plain text as such, anything else as a list. */
function renderParts(parts: readonly ContentPart[]): string | readonly JsonObject[] {
  const only = parts[0];
  if (parts.length === 0) return "";
  if (parts.length === 1 && only?.type === "text" && only.cache === undefined) return only.text;
  return parts.map(renderPart);
}

export function renderPart(part: ContentPart): JsonObject {
  switch (part.type) {
    case "image":
    case "document":
      return { ...part, source: renderSource(part.source) };
    case "tool_result": {
      const { callId, isError, content, cache } = part;
      return {
        type: "tool_result",
        call_id: callId,
        content: renderParts(content),
        ...(isError !== undefined && { is_error: isError }),
        ...(cache && { cache }),
      };
    }
    case "text":
    case "tool_call":
    case "reasoning":
    case "refusal":
    case "opaque":
      return part;
  }
}

function renderSource(source: MediaSource): JsonObject {
  if (source.kind === "url" || source.kind === "file") return source;
  const { mediaType, ...rest } = source;
  return { ...rest, media_type: mediaType };
}
