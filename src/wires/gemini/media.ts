/** Images and documents of this wire, both ways. Owns media types; whatever is neither stays this wire's own. */
import { isRecord } from "../../core/json.ts";
import type { ContentPart, MediaSource } from "../../core/request.ts";
import { encodeBase64 } from "../base64.ts";
import type { JsonObject } from "../wire.ts";

type MediaPart = Extract<ContentPart, { type: "image" | "document" }>;

const TYPES: Readonly<Record<string, string>> = {
  png: "image/png",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  webp: "image/webp",
  gif: "image/gif",
  heic: "image/heic",
  heif: "image/heif",
  pdf: "application/pdf",
  txt: "text/plain",
  md: "text/markdown",
  csv: "text/csv",
  html: "text/html",
  xml: "text/xml",
  json: "application/json",
};
/** Where uploaded files live: such an address means nothing to another provider. */
const UPLOADED = /^gs:\/\/|^https:\/\/generativelanguage\.googleapis\.com\//i;

/** An image or a document; null for audio, video and whatever the contract has no name for. */
export function readMedia(part: JsonObject): MediaPart | null {
  const { inlineData, fileData } = part;
  if (isRecord(inlineData)) {
    const { mimeType: mediaType, data } = inlineData;
    if (typeof mediaType !== "string" || typeof data !== "string") return null;
    return mediaPart(mediaType, { kind: "base64", mediaType, data });
  }
  if (!isRecord(fileData) || typeof fileData.fileUri !== "string") return null;
  const { mimeType, fileUri } = fileData;
  const stated = typeof mimeType === "string" && mimeType !== "" ? mimeType : typeByExtension(fileUri);
  const isFile = UPLOADED.test(fileUri);
  return mediaPart(stated ?? "", isFile ? { kind: "file", id: fileUri } : { kind: "url", url: fileUri });
}

function mediaPart(mediaType: string, source: MediaSource): MediaPart | null {
  if (mediaType.startsWith("image/")) return { type: "image", source };
  return /^(?:text|application)\//.test(mediaType) ? { type: "document", source } : null;
}

/** `inlineData` for what is here, `fileData` for what is elsewhere, typed by the address. */
export function renderMedia({ type, source }: MediaPart): JsonObject {
  switch (source.kind) {
    case "base64":
      return { inlineData: { mimeType: source.mediaType, data: source.data } };
    case "text":
      return { inlineData: { mimeType: source.mediaType, data: encodeBase64(source.text) } };
    case "url":
    case "file": {
      const fileUri = source.kind === "url" ? source.url : source.id;
      const usual = type === "image" ? "image/jpeg" : "application/pdf";
      return { fileData: { mimeType: typeByExtension(fileUri) ?? usual, fileUri } };
    }
  }
}

function typeByExtension(uri: string): string | null {
  const path = uri.split(/[?#]/, 1)[0] ?? "";
  const extension = path.slice(path.lastIndexOf(".") + 1).toLowerCase();
  return Object.hasOwn(TYPES, extension) ? (TYPES[extension] ?? null) : null;
}
