/**
 * The reading of HTTP/1.1 answers under damaged bytes. Owns the promises that are held: nothing but an `HttpError`
 * is thrown, no more comes out than went in, and where the bytes are cut makes no difference.
 */

import { createBodyReader } from "../../src/providers/http1/body-reader.ts";
import { HttpError } from "../../src/providers/http1/http-error.ts";
import { headersOf, readHead } from "../../src/providers/http1/response-head.ts";

const HEAD_END = "\r\n\r\n";
const encoder = new TextEncoder();

export const HTTP1_ANSWERS: readonly Uint8Array[] = [
  'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 13\r\n\r\n{"a":[1,2,3]}',
  "HTTP/1.1 200 OK\r\nDate: x\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n6\r\n world\r\n0\r\nx-sum: 1\r\n\r\n",
  "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 529 \r\nconnection: close\r\nretry-after: 3\r\n\r\nbusy",
  "HTTP/1.0 200 OK\r\nKeep-Alive: timeout=5, max=9\r\nConnection: keep-alive\r\ncontent-length: 2\r\n\r\n{}",
].map((text) => encoder.encode(text));

export function runHttp1(bytes: Uint8Array, random: () => number): void {
  const whole = readThrough(bytes, () => bytes.length);
  const inPieces = readThrough(bytes, () => 1 + Math.floor(random() * 40));
  if (whole !== inPieces) throw new Error(`whole: ${whole}\nin pieces: ${inPieces}`);
}

/** What is read of `bytes` in pieces of so many, as text to compare. */
function readThrough(bytes: Uint8Array, pieceLength: () => number): string {
  const buffer = Buffer.from(bytes);
  const end = buffer.indexOf(HEAD_END, 0, "latin1");
  if (end === -1) return "no head";
  let out = "";
  try {
    const head = readHead(buffer, 0, end);
    headersOf(buffer.toString("latin1", 0, end));
    const reader = createBodyReader(head.body);
    for (let at = end + HEAD_END.length; at < bytes.length; ) {
      const piece = bytes.subarray(at, at + pieceLength());
      const { part, rest } = reader.push(piece, 0);
      if (part !== null) out += Buffer.from(part).toString("latin1");
      if (out.length > bytes.length) throw new Error("more came out than went in");
      if (rest !== null) return `ends at ${at + rest}: ${out}`;
      at += piece.length;
    }
    return `goes on: ${out}`;
  } catch (thrown) {
    if (!(thrown instanceof HttpError)) throw thrown;
    return thrown.message;
  }
}
