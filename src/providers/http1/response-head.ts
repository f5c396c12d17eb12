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
const STATUS_LINE = /^HTTP\/1\.([01]) ([1-5]\d\d)(?: |$)/;
/** Where the names below begin; the others, some twenty in an answer, are not looked at. */
const CONCERNS_US = new Set(["c", "t", "k"].map((letter) => letter.charCodeAt(0)));
const LOWER_CASE = 0x20;
const DIGITS = /^\d{1,15}$/;
const CHUNKED: BodyLength = { type: "chunked" };
const UNTIL_CLOSE: BodyLength = { type: "close" };
const NO_BODY: BodyLength = { type: "length", bytes: 0 };

/** Reads a head, which is all before the empty line. Throws an `HttpError` of code `EPROTO`. */
export function readHead(text: string): ResponseHead {
  const firstEnd = endOfLine(text, 0);
  const status = STATUS_LINE.exec(text.slice(0, firstEnd));
  if (!status) throw broken("The status line is not one of HTTP/1.1.");
  let length: string | null = null;
  let transfer: string | null = null;
  let connection = "";
  let contentType = "";
  let encoding: string | null = null;
  let keepAliveMs: number | null = null;
  for (let at = firstEnd + 2, end = 0; at < text.length; at = end + 2) {
    end = endOfLine(text, at);
    const colon = text.indexOf(":", at);
    // A name with a space, or a line that goes on from the one before, is read in two ways by two readers.
    if (colon <= at || colon > end || isSpace(text, at) || isSpace(text, colon - 1)) {
      throw broken("A header has no valid name.");
    }
    if (!CONCERNS_US.has(text.charCodeAt(at) | LOWER_CASE)) continue;
    const value = () => text.slice(colon + 1, end).trim();
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
        encoding = value().toLowerCase();
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
  return {
    status: code,
    body,
    keepAlive: stays && body.type !== "close",
    keepAliveMs,
    contentType,
    encoding: encoding === "identity" || encoding === "" ? null : encoding,
    text,
  };
}

/** RFC 9112 §6.3. */
function bodyOf(status: number, length: string | null, transfer: string | null): BodyLength {
  if (status < 200 || status === 204 || status === 304) return NO_BODY;
  if (transfer !== null) {
    if (length !== null) throw broken("The body has a length and a transfer encoding.");
    if (transfer !== "chunked") throw broken("The transfer encoding is not supported.");
    return CHUNKED;
  }
  return length === null ? UNTIL_CLOSE : { type: "length", bytes: Number(length) };
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf("\r\n", from);
  return end === -1 ? text.length : end;
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
