/** The headers of a request, in one pass: bounded in size, and only those that the gateway knows. */
import { failed, ok, type Result } from "../core/faults.ts";

export interface IngressHeaders {
  authorization: string | null;
  apiKey: string | null;
  requestId: string | null;
  traceparent: string | null;
  tracestate: string | null;
  contentLength: string | null;
  contentEncoding: string | null;
  /** `x-pointsman-*`, by lower-case name; null when there are none. */
  hints: Map<string, string> | null;
  /** Characters of all names and values. */
  totalChars: number;
}

/** Of headers that state the contract. */
export const HINT_PREFIX = "x-pointsman-";

/** The same for all that fit. */
const FITS = ok(null);

/** Never fails: sizes are judged by `checkHeaderSize`, once the caller has an id to be answered under. */
export function readHeaders(headers: Headers): IngressHeaders {
  const read: IngressHeaders = {
    authorization: null,
    apiKey: null,
    requestId: null,
    traceparent: null,
    tracestate: null,
    contentLength: null,
    contentEncoding: null,
    hints: null,
    totalChars: 0,
  };
  // All at once: a call for each header, and an order that nobody asked for, would cost more than the reading.
  const all = headers.toJSON();
  for (const name in all) {
    // Cookies are a list there, whoever sends them to a gateway.
    const value = String(all[name]);
    read.totalChars += name.length + value.length;
    switch (name) {
      case "authorization":
        read.authorization = value;
        break;
      case "x-api-key":
      case "api-key":
      case "x-goog-api-key":
        read.apiKey = value;
        break;
      case "x-request-id":
        read.requestId = value;
        break;
      case "traceparent":
        read.traceparent = value;
        break;
      case "tracestate":
        read.tracestate = value;
        break;
      case "content-length":
        read.contentLength = value;
        break;
      case "content-encoding":
        read.contentEncoding = value;
        break;
      default:
        if (name.startsWith(HINT_PREFIX)) {
          read.hints ??= new Map();
          read.hints.set(name, value);
        }
    }
  }
  return read;
}

/** Fault: `invalid` with `header_too_long`. */
export function checkHeaderSize(headers: IngressHeaders, maxChars: number): Result<null> {
  if (headers.totalChars <= maxChars) return FITS;
  return failed(
    "invalid",
    "header_too_long",
    `The request's headers are longer than ${maxChars} characters together. Shorten or drop some.`,
  );
}
