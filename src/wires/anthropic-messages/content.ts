/** A caller's messages as the contract's. Owns roles and content blocks; knows no other section of a request. */
import { type Fault, fault } from "../../core/faults.ts";
import type { CacheHint, ContentPart, MediaSource, Message } from "../../core/request.ts";
import { WIRE_ID } from "./fields.ts";
import type {
  AssistantBlock,
  CacheControl,
  DocumentBlock,
  MessageParam,
  ResultBlock,
  SystemContent,
  UserBlock,
} from "./request-schema.ts";

type Block = UserBlock | AssistantBlock | ResultBlock;

/** The top-level system prompt as a message of its own; null where it says nothing. */
export function readSystem(system: SystemContent | null | undefined): Message | null {
  if (system === null || system === undefined || system.length === 0) return null;
  return { role: "system", content: textParts(system) };
}

/** The messages, or the fault of the first that cannot be taken. Remote URLs are left for the provider. */
export function readMessages(messages: readonly MessageParam[]): readonly Message[] | Fault {
  const read: Message[] = [];
  for (const [index, message] of messages.entries()) {
    const { role, content } = message;
    if (typeof content === "string") {
      read.push({ role, content: [{ type: "text", text: content }] });
      continue;
    }
    const parts = readBlocks(content, `messages[${index}].content`);
    if ("kind" in parts) return parts;
    read.push({ role: isToolTurn(role, parts) ? "tool" : role, content: parts });
  }
  return read;
}

/** Tool results alone are the tools' turn; beside other content they stay in the user's, in their order. */
function isToolTurn(role: MessageParam["role"], parts: readonly ContentPart[]): boolean {
  return role === "user" && parts.every((part) => part.type === "tool_result");
}

function textParts(content: SystemContent): readonly ContentPart[] {
  if (typeof content === "string") return [{ type: "text", text: content }];
  return content.map((block) => ({ type: "text", text: block.text, ...cached(block.cache_control) }));
}

function readBlocks(blocks: readonly Block[], path: string): readonly ContentPart[] | Fault {
  const parts: ContentPart[] = [];
  for (const [position, block] of blocks.entries()) {
    const part = readBlock(block, `${path}[${position}]`);
    if ("kind" in part) return part;
    parts.push(part);
  }
  return parts;
}

function readBlock(block: Block, path: string): ContentPart | Fault {
  switch (block.type) {
    case "text":
      return { type: "text", text: block.text, ...cached(block.cache_control) };
    case "image": {
      const source = readSource(block.source, path);
      if ("type" in source) return source.fault;
      return { type: "image", source, ...cached(block.cache_control) };
    }
    case "document":
      return readDocument(block, path);
    case "tool_use":
      return {
        type: "tool_call",
        id: block.id,
        name: block.name,
        arguments: JSON.stringify(block.input),
        ...cached(block.cache_control),
      };
    case "tool_result":
      return readResult(block, path);
    case "thinking":
      return {
        type: "reasoning",
        text: block.thinking,
        ...(block.signature && { signature: block.signature }),
      };
    case "redacted_thinking":
      return { type: "reasoning", text: "", redacted: block.data };
    case "opaque":
      return { type: "opaque", wire: WIRE_ID, value: block.value };
  }
}

function readResult(block: Extract<Block, { type: "tool_result" }>, path: string): ContentPart | Fault {
  const { content } = block;
  const parts: readonly ContentPart[] | Fault =
    typeof content === "string"
      ? [{ type: "text", text: content }]
      : readBlocks(content ?? [], `${path}.content`);
  if ("kind" in parts) return parts;
  return {
    type: "tool_result",
    callId: block.tool_use_id,
    content: parts,
    ...(typeof block.is_error === "boolean" && { isError: block.is_error }),
    ...cached(block.cache_control),
  };
}

function readDocument(block: DocumentBlock, path: string): ContentPart | Fault {
  const { source } = block;
  const rest = { ...(block.title && { name: block.title }), ...cached(block.cache_control) };
  if (source.type === "content") {
    if (typeof source.content !== "string") return { type: "opaque", wire: WIRE_ID, value: block };
    const text = { kind: "text", mediaType: "text/plain", text: source.content } as const;
    return { type: "document", source: text, ...rest };
  }
  if (source.type === "text") {
    const text = { kind: "text", mediaType: source.media_type, text: source.data } as const;
    return { type: "document", source: text, ...rest };
  }
  const read = readSource(source, path);
  return "type" in read ? read.fault : { type: "document", source: read, ...rest };
}

type Remote = Extract<Block, { type: "image" }>["source"];

function readSource(source: Remote, path: string): MediaSource | { type: "refused"; fault: Fault } {
  switch (source.type) {
    case "base64":
      return { kind: "base64", mediaType: source.media_type, data: source.data };
    case "file":
      return { kind: "file", id: source.file_id };
    case "url": {
      if (/^https?:\/\/[^/]/i.test(source.url)) return { kind: "url", url: source.url };
      const param = `${path}.source.url`;
      const message = `\`${param}\` must be an http(s) URL. Send other data as a base64 source.`;
      return { type: "refused", fault: fault("invalid", "invalid_value", message, { param }) };
    }
  }
}

function cached(control: CacheControl): { cache?: CacheHint } {
  if (control === null || control === undefined) return {};
  return { cache: control.ttl ? { ttl: control.ttl } : {} };
}
