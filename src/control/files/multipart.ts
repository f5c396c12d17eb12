/**
 * The bytes of multipart/form-data as events, piece by piece (RFC 7578). Owns the grammar; holds back no more
 * than a delimiter's length of content and knows nothing of files, fields or sockets.
 */
import { failed, ok, type Result } from "../../core/faults.ts";

export type MultipartEvent =
  | { readonly type: "part"; readonly name: string; readonly filename: string | null }
  | { readonly type: "data"; readonly bytes: Uint8Array }
  | { readonly type: "end" };

export interface MultipartReader {
  /** Bytes in events are views of copies, and stay as they are. Fault: `invalid` with `invalid_multipart`. */
  push(chunk: Uint8Array): Result<readonly MultipartEvent[]>;
  /** Whether the closing delimiter has come; what follows it is ignored. */
  complete(): boolean;
}

const MAX_HEAD_BYTES = 8 * 1024;
const CR = 13;
const LF = 10;
const DASH = 45;
const SPACE = 32;
const TAB = 9;
/** Blanks that may follow a delimiter on its line. */
const MAX_PADDING = 64;

/** The boundary that a Content-Type states, or null where it is none of multipart/form-data. */
export function boundaryOf(contentType: string | null): string | null {
  if (!contentType || !/^multipart\/form-data\s*;/i.test(contentType)) return null;
  const found = /;\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i.exec(contentType);
  return found?.[1] ?? found?.[2] ?? null;
}

export function createMultipartReader(boundary: string): MultipartReader {
  const delimiter = Buffer.from(`\r\n--${boundary}`);
  let mode: "preamble" | "head" | "body" | "complete" = "preamble";
  // The first delimiter may open the stream, without the line end that the others begin with.
  let held: Buffer = Buffer.from("\r\n");

  /** Content up to the next delimiter. False: more bytes are needed; null: no line end follows it. */
  const takeContent = (events: MultipartEvent[]): boolean | null => {
    const at = held.indexOf(delimiter);
    const content = at === -1 ? Math.max(0, held.length - delimiter.length + 1) : at;
    if (mode === "body" && content > 0) events.push({ type: "data", bytes: held.subarray(0, content) });
    held = held.subarray(content);
    if (at === -1) return false;
    const after = lineEnd(held, delimiter.length);
    if (after === "more") return false;
    if (after === "bad") return null;
    if (mode === "body") events.push({ type: "end" });
    mode = after === "last" ? "complete" : "head";
    held = held.subarray(after === "last" ? held.length : after);
    return mode === "head";
  };

  const takeHead = (events: MultipartEvent[]): boolean | null => {
    const end = held.indexOf("\r\n\r\n");
    if (end === -1) return held.length > MAX_HEAD_BYTES ? null : false;
    const part = readHead(held.toString("utf8", 0, end));
    if (!part) return null;
    events.push(part);
    held = held.subarray(end + 4);
    mode = "body";
    return true;
  };

  return {
    push(chunk) {
      const events: MultipartEvent[] = [];
      if (mode === "complete") return ok(events);
      held = held.length === 0 ? Buffer.from(chunk) : Buffer.concat([held, chunk]);
      for (;;) {
        const went = mode === "head" ? takeHead(events) : takeContent(events);
        if (went === null) return malformed();
        if (!went) return ok(events);
      }
    },
    complete: () => mode === "complete",
  };
}

/** Where the line of a delimiter ends; `last` after the two dashes of the closing one. */
function lineEnd(bytes: Buffer, from: number): number | "last" | "more" | "bad" {
  let at = from;
  while (bytes[at] === SPACE || bytes[at] === TAB) at++;
  if (at - from > MAX_PADDING) return "bad";
  if (at + 1 >= bytes.length) return "more";
  if (bytes[at] === DASH && bytes[at + 1] === DASH && at === from) return "last";
  return bytes[at] === CR && bytes[at + 1] === LF ? at + 2 : "bad";
}

/** Null where the part is not form-data with a name. */
function readHead(text: string): Extract<MultipartEvent, { type: "part" }> | null {
  const disposition = text.split("\r\n").find((line) => /^content-disposition\s*:/i.test(line));
  if (!disposition || !/:\s*form-data\s*;/i.test(disposition)) return null;
  const name = parameter(disposition, "name");
  if (name === null) return null;
  return { type: "part", name, filename: extended(disposition) ?? parameter(disposition, "filename") };
}

/** Clients write quotes and line ends inside as %22, %0D and %0A, or put a backslash before a quote. */
function parameter(header: string, name: string): string | null {
  const found = new RegExp(`;\\s*${name}=(?:"((?:[^"\\\\]|\\\\.)*)"|([^\\s;]+))`, "i").exec(header);
  const raw = found?.[1] ?? found?.[2];
  if (raw === undefined) return null;
  return raw
    .replaceAll('\\"', '"')
    .replaceAll("%22", '"')
    .replaceAll(/%0[dD]/g, "\r")
    .replaceAll(/%0[aA]/g, "\n");
}

/** `filename*=UTF-8''…` of RFC 5987, which some clients send for names that are not ASCII. */
function extended(header: string): string | null {
  const encoded = /;\s*filename\*=utf-8'[^']*'([^\s;]+)/i.exec(header)?.[1];
  if (encoded === undefined) return null;
  try {
    return decodeURIComponent(encoded);
  } catch {
    return null;
  }
}

function malformed(): Result<never> {
  return failed(
    "invalid",
    "invalid_multipart",
    "The request body is not well-formed multipart/form-data. Let an HTTP client build it.",
  );
}
