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
  /** As it came, without the empty line at its end. */
  readonly text: string;
}

/** Bytes of a head; more is given up. */
export const MAX_HEAD_BYTES = 64 * 1024;
const BEGINNING = new TextEncoder().encode("HTTP/1.");
const CR = 13;
const LF = 10;
const STATUS_LINE = /^HTTP\/1\.([01]) ([1-5]\d\d)(?: |$)/;
/** Where the names below begin; the others, some twenty in an answer, are not looked at. */
const CONCERNS_US = new Set(["c", "t", "k"].map((letter) => letter.charCodeAt(0)));
const LOWER_CASE = 0x20;
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
  for (let at = 0; at < BEGINNING.length && from + at < bytes.length; at++) {
    if (bytes[from + at] !== BEGINNING[at]) return false;
  }
  const lineEnd = bytes.indexOf(LF, from);
  return lineEnd === -1 || bytes[lineEnd - 1] === CR;
}

/** Reads a head, which is all before the empty line. Throws an `HttpError` of code `EPROTO`. */
export function readHead(text: string): ResponseHead {
  const firstEnd = endOfLine(text, 0);
  const status = STATUS_LINE.exec(text.slice(0, firstEnd));
  if (!status) throw broken("The status line is not one of HTTP/1.1.");
  if (text.includes("\0")) throw broken("The head has a byte that no head may have.");
  let length: string | null = null;
  let transfer: string | null = null;
  let connection = "";
  let contentType = "";
  let encoding: string | null = null;
  let keepAliveMs: number | null = null;
  for (let at = firstEnd + 2, end = 0; at < text.length; at = end + 2) {
    end = endOfLine(text, at);
    const colon = endOfName(text, at);
    if (!CONCERNS_US.has(text.charCodeAt(at) | LOWER_CASE)) continue;
    const value = () => trimmed(text, colon + 1, end);
    switch (text.slice(at, colon).toLowerCase()) {
      case "content-length": {
        const stated = value();
        if (!DIGITS.test(stated) || (length !== null && length !== stated)) {
          throw broken("The length of the body is stated wrongly or twice.");
        }
        length = stated;
        break;
      }
      case "transfer-encoding":
        if (transfer !== null) throw broken("The transfer encoding is stated twice.");
        transfer = value().toLowerCase();
        break;
      case "connection":
        connection += `,${value().toLowerCase()}`;
        break;
      case "content-type":
        contentType = value();
        break;
      case "content-encoding":
        encoding = `${encoding === null ? "" : `${encoding}, `}${value().toLowerCase()}`;
        break;
      case "keep-alive":
        keepAliveMs = timeoutOf(value());
        break;
      default:
    }
  }
  const code = Number(status[2]);
  const body = bodyOf(code, length, transfer);
  const stays = status[1] === "1" ? !says(connection, "close") : says(connection, "keep-alive");
  // A body where none can be, or chunks from HTTP/1.0: others would find its end elsewhere.
  const doubtful =
    transfer !== null ? status[1] === "0" || body === NO_BODY : body === NO_BODY && Number(length) > 0;
  return {
    status: code,
    body,
    keepAlive: stays && body.type !== "close" && !doubtful,
    keepAliveMs,
    contentType,
    encoding: encoding === "identity" || encoding === "" ? null : encoding,
    text,
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

/** A line's end that is half of one is where some readers see the next line, and others none. */
function endOfLine(text: string, from: number): number {
  const cr = text.indexOf("\r", from);
  const lf = text.indexOf("\n", from);
  if (cr === -1 && lf === -1) return text.length;
  if (cr === -1 || lf !== cr + 1) throw broken("A line of the head has the wrong end.");
  return cr;
}

/** Where its colon is. A name with a space, or a line that goes on from the one before, has two readings. */
function endOfName(text: string, from: number): number {
  let at = from;
  while (IN_NAME[text.charCodeAt(at)] === 1) at++;
  if (at === from || text.charCodeAt(at) !== COLON) throw broken("A header has no valid name.");
  return at;
}

/** Spaces and tabs only: JavaScript trims more, which others read as a part of the value. */
function trimmed(text: string, from: number, to: number): string {
  let start = from;
  let end = to;
  while (start < end && isSpace(text, start)) start++;
  while (start < end && isSpace(text, end - 1)) end--;
  return text.slice(start, end);
}

function isSpace(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code === 0x20 || code === 0x09;
}

function says(list: string, word: string): boolean {
  return list !== "" && list.split(",").some((part) => part.trim() === word);
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

function broken(message: string): HttpError {
  return new HttpError("EPROTO", message);
}
