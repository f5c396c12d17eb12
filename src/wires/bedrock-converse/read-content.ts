/** Content blocks of this wire as parts. Owns which member becomes what; knows no other section of a request. */
import { type Fault, fault } from "../../core/faults.ts";
import { isRecord } from "../../core/json.ts";
import type { CacheHint, ContentPart, MediaSource, Message } from "../../core/request.ts";
import { fromBlob } from "./blob.ts";
import { WIRE_ID } from "./fields.ts";
import { documentType, imageType } from "./formats.ts";
import type {
  CachePoint,
  ContentBlock,
  ConverseMessage,
  DocumentBlock,
  ImageBlock,
  SystemBlock,
  ToolResultBlock,
} from "./request-schema.ts";

/** `system` and `messages` as messages, or the fault of the first block without content. `at`: where they stand. */
export function readConversation(
  system: readonly SystemBlock[] | null | undefined,
  messages: readonly ConverseMessage[],
  at: string,
): readonly Message[] | Fault {
  const read: Message[] = [];
  if (system && system.length > 0) {
    const content = readBlocks(system, `${at}system`);
    if ("kind" in content) return content;
    read.push({ role: "system", content });
  }
  for (const [index, { role, content: blocks }] of messages.entries()) {
    const content = readBlocks(blocks, `${at}messages[${index}].content`);
    if ("kind" in content) return content;
    read.push({ role: roleOf(role, content), content });
  }
  return read;
}

/** Tool results travel in the user's turn; a turn of nothing else is the tools'. */
function roleOf(role: ConverseMessage["role"], content: readonly ContentPart[]): Message["role"] {
  return role === "user" && content.every((part) => part.type === "tool_result") ? "tool" : role;
}

function readBlocks(
  blocks: readonly (ContentBlock | SystemBlock)[],
  path: string,
): readonly ContentPart[] | Fault {
  const parts: ContentPart[] = [];
  for (const [position, block] of blocks.entries()) {
    if (block.cachePoint) {
      placeCachePoint(parts, block.cachePoint);
      continue;
    }
    const read = readBlock(block, `${path}[${position}]`);
    if (isFault(read)) return read;
    parts.push(read);
  }
  return parts;
}

/** The hint belongs to what comes before it; where nothing can carry it, it stays a block of this wire. */
function placeCachePoint(parts: ContentPart[], cachePoint: CachePoint): void {
  const last = parts[parts.length - 1];
  if (last === undefined || last.type === "reasoning" || last.type === "refusal" || last.type === "opaque") {
    parts.push({ type: "opaque", wire: WIRE_ID, value: { cachePoint } });
    return;
  }
  parts[parts.length - 1] = { ...last, cache: readCachePoint(cachePoint) };
}

export function readCachePoint({ ttl }: CachePoint): CacheHint {
  return ttl ? { ttl } : {};
}

function readBlock(block: ContentBlock, path: string): ContentPart | Fault {
  if (typeof block.text === "string") return { type: "text", text: block.text };
  if (block.image) return readImage(block.image, `${path}.image`);
  if (block.document) return readDocument(block.document, `${path}.document`);
  if (block.toolUse) {
    // A tool that the provider runs itself is nothing that a caller could answer.
    if (block.toolUse.type) return { type: "opaque", wire: WIRE_ID, value: block };
    const { toolUseId, name, input } = block.toolUse;
    return { type: "tool_call", id: toolUseId, name, arguments: JSON.stringify(input ?? {}) };
  }
  if (block.toolResult) return readToolResult(block.toolResult, `${path}.toolResult`, block);
  if (block.reasoningContent) {
    const { reasoningText, redactedContent } = block.reasoningContent;
    if (redactedContent) return { type: "reasoning", text: "", redacted: fromBlob(redactedContent) };
    if (!reasoningText) return missing(`${path}.reasoningContent`, "`reasoningText` or `redactedContent`");
    const { text, signature } = reasoningText;
    return { type: "reasoning", text, ...(signature && { signature }) };
  }
  if (block.guardContent) {
    // What is to be guarded is content all the same; the marks themselves are named as beyond the contract.
    const { text, image } = block.guardContent;
    if (image) return readImage(image, `${path}.guardContent.image`);
    return text ? { type: "text", text: text.text } : missing(`${path}.guardContent`, "`text` or `image`");
  }
  if (block.citationsContent) {
    const cited = block.citationsContent.content ?? [];
    return { type: "text", text: cited.map(({ text }) => text ?? "").join("") };
  }
  if (Object.values(block).some(isRecord)) return { type: "opaque", wire: WIRE_ID, value: block };
  return missing(path, "one member such as `text`, `image`, `toolUse` or `toolResult`");
}

function readToolResult(result: ToolResultBlock, path: string, whole: ContentBlock): ContentPart | Fault {
  if (result.type) return { type: "opaque", wire: WIRE_ID, value: whole };
  const content: ContentPart[] = [];
  for (const [position, block] of result.content.entries()) {
    const read =
      block.json === undefined || block.json === null
        ? readBlock(block, `${path}.content[${position}]`)
        : { type: "text" as const, text: JSON.stringify(block.json) };
    if (isFault(read)) return read;
    content.push(read);
  }
  const isError = result.status === "error" ? { isError: true } : {};
  return { type: "tool_result", callId: result.toolUseId, content, ...isError };
}

function readImage({ format, source }: ImageBlock, path: string): ContentPart | Fault {
  const read = readBinary(source, imageType(format));
  return read ? { type: "image", source: read } : missing(`${path}.source`, "`bytes` or `s3Location`");
}

function readDocument({ format, name, source }: DocumentBlock, path: string): ContentPart | Fault {
  const mediaType = documentType(format ?? "txt");
  const text = source.text ?? source.content?.map((piece) => piece.text).join("\n\n");
  const read =
    typeof text === "string"
      ? { kind: "text" as const, mediaType, text }
      : readBinary(source, format ? mediaType : "application/octet-stream");
  if (read) return { type: "document", source: read, name };
  return missing(`${path}.source`, "`bytes`, `s3Location`, `text` or `content`");
}

function readBinary(source: ImageBlock["source"], mediaType: string): MediaSource | null {
  if (source.bytes) return { kind: "base64", mediaType, data: source.bytes };
  return source.s3Location ? { kind: "file", id: source.s3Location.uri } : null;
}

function missing(param: string, wanted: string): Fault {
  return fault("invalid", "missing_field", `\`${param}\` holds nothing that can be read. Add ${wanted}.`, {
    param,
  });
}

function isFault(value: ContentPart | Fault): value is Fault {
  return "kind" in value;
}
