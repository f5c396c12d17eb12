/** Content parts of this wire, both ways. Owns text, images, files and data URLs; knows no item around them. */
import { type Fault, fault } from "../../core/faults.ts";
import type { ContentPart, MediaSource } from "../../core/request.ts";
import { encodeBase64 } from "../base64.ts";
import { badSource, readSource } from "../openai-shared.ts";
import type { JsonObject } from "../wire.ts";
import type { ResponsesContent, ResponsesPart } from "./request-schema.ts";

type ImagePart = Extract<ResponsesPart, { type: "input_image" }>;
type FilePart = Extract<ResponsesPart, { type: "input_file" }>;

/** The parts, or the fault of the first that cannot be taken. Remote URLs are left for the provider. */
export function readContent(content: ResponsesContent, path: string): readonly ContentPart[] | Fault {
  if (typeof content === "string") return [{ type: "text", text: content }];
  const parts: ContentPart[] = [];
  for (const [index, part] of content.entries()) {
    const read = readPart(part, `${path}[${index}]`);
    if ("kind" in read) return read;
    parts.push(read);
  }
  return parts;
}

function readPart(part: ResponsesPart, path: string): ContentPart | Fault {
  switch (part.type) {
    case "input_text":
      return { type: "text", text: part.text, ...cacheOf(part) };
    case "output_text":
      return { type: "text", text: part.text };
    case "refusal":
      return { type: "refusal", text: part.refusal };
    case "input_image":
      return readImage(part, path);
    case "input_file":
      return readFile(part, path);
  }
}

function cacheOf(part: {
  readonly prompt_cache_breakpoint?: unknown;
}): Pick<ContentPart & { type: "text" }, "cache"> {
  return part.prompt_cache_breakpoint ? { cache: {} } : {};
}

function readImage(part: ImagePart, path: string): ContentPart | Fault {
  const detail = part.detail === "original" ? "high" : part.detail;
  const rest = { ...(detail && { detail }), ...cacheOf(part) };
  if (part.file_id) return { type: "image", source: { kind: "file", id: part.file_id }, ...rest };
  if (!part.image_url)
    return missing(`${path}.image_url`, "Add a URL, or the image as a data URL with base64.");
  const source = readSource(part.image_url);
  if (source === null) return badSource(`${path}.image_url`, "an http(s) URL or a data URL with base64");
  return { type: "image", source, ...rest };
}

function readFile(part: FilePart, path: string): ContentPart | Fault {
  const rest = { ...(part.filename && { name: part.filename }), ...cacheOf(part) };
  if (part.file_id) return { type: "document", source: { kind: "file", id: part.file_id }, ...rest };
  if (part.file_url) {
    const source = readSource(part.file_url);
    if (source?.kind !== "url") return badSource(`${path}.file_url`, "an http(s) URL");
    return { type: "document", source, ...rest };
  }
  if (!part.file_data) return missing(`${path}.file_data`, "Add the file as a data URL with base64.");
  const source = readSource(part.file_data);
  if (source?.kind !== "base64") return badSource(`${path}.file_data`, "a data URL with base64");
  return { type: "document", source, ...rest };
}

function missing(param: string, fix: string): Fault {
  return fault("invalid", "missing_field", `\`${param}\` is required. ${fix}`, { param });
}

/** A user's or system's content, or a tool's output. */
export function renderContent(parts: readonly ContentPart[]): string | readonly JsonObject[] {
  const only = parts[0];
  if (parts.length === 1 && only?.type === "text") return only.text;
  if (parts.length === 0) return "";
  return parts.flatMap(renderInputPart);
}

function renderInputPart(part: ContentPart): readonly JsonObject[] {
  switch (part.type) {
    case "text":
    case "refusal":
      return [{ type: "input_text", text: part.text }];
    case "image": {
      const source =
        part.source.kind === "file" ? { file_id: part.source.id } : { image_url: urlOf(part.source) };
      return [{ type: "input_image", ...source, ...(part.detail && { detail: part.detail }) }];
    }
    case "document":
      return [{ type: "input_file", ...renderFile(part.source, part.name) }];
    case "tool_call":
    case "tool_result":
    case "reasoning":
    case "opaque":
      return [];
  }
}

/** What the assistant said. */
export function renderSaid(part: Extract<ContentPart, { type: "text" | "refusal" }>): JsonObject {
  if (part.type === "refusal") return { type: "refusal", refusal: part.text };
  return { type: "output_text", text: part.text };
}

function renderFile(source: MediaSource, name: string | undefined): JsonObject {
  if (source.kind === "file") return { file_id: source.id };
  if (source.kind === "url") return { file_url: source.url, ...(name && { filename: name }) };
  // The API wants a name with a file's bytes, and tells its kind by the extension.
  return { filename: name ?? `document.${extensionOf(source.mediaType)}`, file_data: urlOf(source) };
}

function extensionOf(mediaType: string): string {
  const subtype = mediaType.slice(mediaType.indexOf("/") + 1);
  return subtype === "plain" ? "txt" : subtype.replace(/[^A-Za-z0-9]/g, "");
}

function urlOf(source: Exclude<MediaSource, { kind: "file" }>): string {
  if (source.kind === "url") return source.url;
  const data = source.kind === "text" ? encodeBase64(source.text) : source.data;
  return `data:${source.mediaType};base64,${data}`;
}
