/**
 * The head of an HTTP/1.1 response (RFC 9112): status, how long the body is, whether the connection may be used
 * again. Owns that reading. What could be understood in two ways is refused, since whoever finds the wrong end of a
 * body reads one caller's answer to another.
 */
import { HttpError } from "./http-error.ts";

/** `close`: the body lasts as long as the connection. */
export type BodyLength =
  | { readonly type: "length"; readonly bytes: number }
  | { readonly type: "chunked" }
  | { readonly type: "close" };

export interface ResponseHead {
  readonly status: number;
  readonly body: BodyLength;
  readonly keepAlive: boolean;
  /** For how long the server keeps an idle connection, where it says so. Milliseconds. */
  readonly keepAliveMs: number | null;
  readonly contentType: string;
  /** Lower case; null: the bytes are what they are. */
  readonly encoding: string | null;
  /** What it was read from, without the empty line at its end, lies in these between `from` and `end`. */
  readonly bytes: Buffer;
  readonly from: number;
  readonly end: number;
}

/** Bytes of a head; more is given up. */
export const MAX_HEAD_BYTES = 64 * 1024;
const BEGINNING = new TextEncoder().encode("HTTP/1.");
const CR = 13;
const LF = 10;
const SPACE = 0x20;
const TAB = 0x09;
const ZERO = 0x30;
const NINE = 0x39;
/** Of `HTTP/1.1 200`. */
const STATUS_AT = 9;
const STATUS_END = 12;
const LOWER_CASE = 0x20;
/** Fields that say how an answer is read; the others, some twenty, are passed by. */
const FIELDS = [
  "connection",
  "keep-alive",
  "content-type",
  "content-length",
  "content-encoding",
  "transfer-encoding",
] as const;
type Field = (typeof FIELDS)[number];
const FIELD_CODES = FIELDS.map((name) => ({ name, codes: Buffer.from(name, "latin1") }));
/** By character code: whether it may stand in a name (RFC 9110 §5.6.2). */
const IN_NAME = Uint8Array.from({ length: 256 }, (_, code) =>
  /[!#$%&'*+\-.^_`|~0-9A-Za-z]/.test(String.fromCharCode(code)) ? 1 : 0,
);
const COLON = 0x3a;
const DIGITS = /^\d{1,15}$/;
const CHUNKED: BodyLength = { type: "chunked" };
const UNTIL_CLOSE: BodyLength = { type: "close" };
const NO_BODY: BodyLength = { type: "length", bytes: 0 };

/**
 * Whether what came so far, without the end of a head, may become one. Another protocol's greeting may never end, and
 * would be waited for until a limit passes.
 */
export function mayBeHead(bytes: Uint8Array, from: number): boolean {
  if (!begins(bytes, from)) return false;
  const lineEnd = bytes.indexOf(LF, from);
  return lineEnd === -1 || bytes[lineEnd - 1] === CR;
}

/** As far as there are bytes. */
function begins(bytes: Uint8Array, from: number): boolean {
  for (let at = 0; at < BEGINNING.length && from + at < bytes.length; at++) {
    if (bytes[from + at] !== BEGINNING[at]) return false;
  }
  return true;
}

/**
 * Reads a head: the bytes up to `end`, which is where the empty line begins. Throws an `HttpError` of code `EPROTO`.
 * The bytes
 * are kept.
 */
export function readHead(bytes: Buffer, from: number, end: number): ResponseHead {
  const firstEnd = endOfLine(bytes, from, end);
  const code = statusOf(bytes, from, firstEnd);
  const isOld = bytes[from + BEGINNING.length] === ZERO;
  let length: string | null = null;
  let transfer: string | null = null;
  let connection = "";
  let contentType = "";
  let encoding: string | null = null;
  let keepAliveMs: number | null = null;
  for (let at = firstEnd + 2, lineEnd = 0; at < end; at = lineEnd + 2) {
    lineEnd = endOfLine(bytes, at, end);
    const colon = endOfName(bytes, at);
    const field = fieldOf(bytes, at, colon);
    if (field === null) continue;
    const value = trimmed(bytes, colon + 1, lineEnd);
    switch (field) {
      case "content-length":
        if (!DIGITS.test(value) || (length !== null && length !== value)) {
          throw broken("The length of the body is stated wrongly or twice.");
        }
        length = value;
        break;
      case "transfer-encoding":
        if (transfer !== null) throw broken("The transfer encoding is stated twice.");
        transfer = value.toLowerCase();
        break;
      case "connection":
        connection = connection === "" ? value : `${connection},${value}`;
        break;
      case "content-type":
        contentType = value;
        break;
      case "content-encoding":
        encoding = `${encoding === null ? "" : `${encoding}, `}${value.toLowerCase()}`;
        break;
      case "keep-alive":
        keepAliveMs = timeoutOf(value);
    }
  }
  const body = bodyOf(code, length, transfer);
  const stays = isOld ? says(connection, "keep-alive") : !says(connection, "close");
  // A body where none can be, or chunks from HTTP/1.0: others would find its end elsewhere.
  const doubtful = transfer !== null ? isOld || body === NO_BODY : body === NO_BODY && Number(length) > 0;
  return {
    status: code,
    body,
    keepAlive: stays && body.type !== "close" && !doubtful,
    keepAliveMs,
    contentType,
    encoding: encoding === "identity" || encoding === "" ? null : encoding,
    bytes,
    from,
    end,
  };
}
/** RFC 9112 §6.3. */
function bodyOf(status: number, length: string | null, transfer: string | null): BodyLength {
  if (status === 101) throw broken("The server changes to a protocol that nobody asked for.");
  if (status < 200) {
    if (length !== null || transfer !== null) throw broken("An interim answer has a body.");
    return NO_BODY;
  }
  if (status === 204 || status === 304) return NO_BODY;
  if (transfer !== null) {
    if (length !== null) throw broken("The body has a length and a transfer encoding.");
    if (transfer !== "chunked") throw broken("The transfer encoding is not supported.");
    return CHUNKED;
  }
  return length === null ? UNTIL_CLOSE : { type: "length", bytes: Number(length) };
}

/** Of `HTTP/1.0` and `HTTP/1.1`, which are the same to the byte but for the last digit. */
function statusOf(bytes: Buffer, from: number, lineEnd: number): number {
  const minor = bytes[from + BEGINNING.length];
  const after = bytes[from + STATUS_END];
  let code = 0;
  for (let at = from + STATUS_AT; at < from + STATUS_END; at++) {
    const digit = bytes[at] ?? 0;
    if (digit < ZERO || digit > NINE) throw noStatus();
    code = code * 10 + digit - ZERO;
  }
  const isWhole = from + STATUS_END === lineEnd || (from + STATUS_END < lineEnd && after === SPACE);
  if (!begins(bytes, from) || (minor !== ZERO && minor !== ZERO + 1) || bytes[from + STATUS_AT - 1] !== SPACE)
    throw noStatus();
  if (!isWhole || code < 100 || code >= 600) throw noStatus();
  return code;
}

/** A line's end that is half of one is where some readers see the next line, and others none. */
function endOfLine(bytes: Buffer, from: number, end: number): number {
  for (let at = from; at < end; at++) {
    const byte = bytes[at];
    if (byte === CR && at + 1 < end && bytes[at + 1] === LF) return at;
    if (byte === CR || byte === LF) throw broken("A line of the head has the wrong end.");
    if (byte === 0) throw broken("The head has a byte that no head may have.");
  }
  return end;
}

/** Where its colon is. A name with a space, or a line that goes on from the one before, has two readings. */
function endOfName(bytes: Buffer, from: number): number {
  let at = from;
  while (IN_NAME[bytes[at] ?? 0] === 1) at++;
  if (at === from || bytes[at] !== COLON) throw broken("A header has no valid name.");
  return at;
}

/** Null: one that says nothing of how the answer is read. */
function fieldOf(bytes: Buffer, from: number, colon: number): Field | null {
  for (let i = 0; i < FIELD_CODES.length; i++) {
    const { name, codes } = FIELD_CODES[i] as (typeof FIELD_CODES)[number];
    if (codes.length === colon - from && isName(bytes, from, codes)) return name;
  }
  return null;
}

function isName(bytes: Buffer, from: number, codes: Uint8Array): boolean {
  for (let i = 0; i < codes.length; i++) {
    if (((bytes[from + i] ?? 0) | LOWER_CASE) !== codes[i]) return false;
  }
  return true;
}

/** Spaces and tabs only: JavaScript trims more, which others read as a part of the value. */
function trimmed(bytes: Buffer, from: number, to: number): string {
  let start = from;
  let end = to;
  while (start < end && isSpace(bytes[start])) start++;
  while (start < end && isSpace(bytes[end - 1])) end--;
  return bytes.toString("latin1", start, end);
}

function isSpace(byte: number | undefined): boolean {
  return byte === SPACE || byte === TAB;
}

function says(list: string, word: string): boolean {
  if (list === "" || list === word) return list === word;
  const lower = list.toLowerCase();
  return lower === word || lower.split(",").some((part) => part.trim() === word);
}

function timeoutOf(value: string): number | null {
  const seconds = /(?:^|[ ,;])timeout=(\d{1,6})/i.exec(value)?.[1];
  return seconds === undefined ? null : Number(seconds) * 1000;
}

/** The fields of a head's text as the platform's headers; what these do not admit is left out. */
export function headersOf(text: string): Headers {
  const headers = new Headers();
  for (const line of text.split("\r\n").slice(1)) {
    const colon = line.indexOf(":");
    try {
      headers.append(line.slice(0, colon), line.slice(colon + 1).trim());
    } catch {
      // A value with a control character says nothing that anybody here would want to know.
    }
  }
  return headers;
}

function noStatus(): HttpError {
  return broken("The status line is not one of HTTP/1.1.");
}

function broken(message: string): HttpError {
  return new HttpError("EPROTO", message);
}
