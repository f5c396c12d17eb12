/**
 * An HTTP/1.1 response out of the bytes of one connection: sized, chunked or ended by the close. Owns the question
 * that a client library answers for its caller in silence: did all of it arrive? Opens no socket.
 */

export interface HttpBytes {
  readonly status: number;
  /** Names in lower case; a repeated one has its last value. */
  readonly headers: Readonly<Record<string, string>>;
  /** What arrived of it, without chunk sizes. */
  readonly body: Buffer;
  /** The length that was announced, or the last chunk, is here. */
  readonly whole: boolean;
}

const HEAD_END = "\r\n\r\n";
/** Answers that announce more to come before the real one. */
const INTERIM = 200;

/** Null while the head is not here. `closed`: nothing follows, and the peer ended in order. */
export function readHttp(bytes: Buffer, closed: boolean): HttpBytes | null {
  const headEnd = bytes.indexOf(HEAD_END);
  if (headEnd < 0) return null;
  const lines = bytes.subarray(0, headEnd).toString("latin1").split("\r\n");
  const status = Number(lines[0]?.split(" ")[1]);
  const rest = bytes.subarray(headEnd + HEAD_END.length);
  if (status < INTERIM) return readHttp(rest, closed);
  const headers: Record<string, string> = {};
  for (const line of lines.slice(1)) {
    const colon = line.indexOf(":");
    if (colon > 0) headers[line.slice(0, colon).trim().toLowerCase()] = line.slice(colon + 1).trim();
  }
  if (/\bchunked\b/i.test(headers["transfer-encoding"] ?? ""))
    return { status, headers, ...readChunks(rest) };
  const announced = headers["content-length"];
  if (announced === undefined) return { status, headers, body: rest, whole: closed };
  const length = Number(announced);
  return { status, headers, body: rest.subarray(0, length), whole: rest.length >= length };
}

function readChunks(bytes: Buffer): { readonly body: Buffer; readonly whole: boolean } {
  const chunks: Buffer[] = [];
  let at = 0;
  for (;;) {
    const lineEnd = bytes.indexOf("\r\n", at);
    if (lineEnd < 0) return { body: Buffer.concat(chunks), whole: false };
    const size = Number.parseInt(bytes.subarray(at, lineEnd).toString("latin1"), 16);
    if (size === 0) return { body: Buffer.concat(chunks), whole: true };
    const start = lineEnd + 2;
    // A chunk that is cut arrived as far as it did: its words were told.
    if (Number.isNaN(size) || bytes.length < start + size + 2) {
      if (size > 0) chunks.push(bytes.subarray(start, start + size));
      return { body: Buffer.concat(chunks), whole: false };
    }
    chunks.push(bytes.subarray(start, start + size));
    at = start + size + 2;
  }
}
