/**
 * The body of a response cut out of the bytes of a connection (RFC 9112 §6, §7.1): a stated length, chunks, or all
 * there is. Owns the counting; what is left over is somebody else's.
 */
import { asBuffer } from "./as-buffer.ts";
import { HttpError } from "./http-error.ts";
import type { BodyLength } from "./response-head.ts";

/** Bytes of the line before a chunk, extensions included, and of all trailers. */
const MAX_CHUNK_LINE = 4096;
const MAX_TRAILERS = 16 * 1024;
/**
 * Bytes around the chunks beyond what a chunk may cost: what says more about the body than there is of it would
 * pass every limit that counts the body.
 */
const MAX_OVERHEAD = 16 * 1024;
const CHUNK_COSTS = 16;
const CHUNK_LINE = /^([0-9a-f]{1,13})[ \t]*(?:;.*)?$/i;
const CR = 13;
const LF = 10;

export interface BodyStep {
  /** Of the body, in one piece, since a piece for each chunk would cost more than its bytes; null: nothing. */
  readonly part: Uint8Array | null;
  /** Where the bytes go on that belong to the body no more; null while it is not over. */
  readonly rest: number | null;
}

export interface BodyReader {
  /** Throws an `HttpError` of code `EPROTO`. */
  push(bytes: Uint8Array, from: number): BodyStep;
  /** Whether the body may end with the connection. */
  readonly endsWithConnection: boolean;
}

export function createBodyReader(length: BodyLength): BodyReader {
  switch (length.type) {
    case "length":
      return new LengthReader(length.bytes);
    case "chunked":
      return new ChunkedReader();
    case "close":
      return {
        endsWithConnection: true,
        push: (bytes, from) => ({ part: between(bytes, from, bytes.length), rest: null }),
      };
  }
}

class LengthReader implements BodyReader {
  readonly endsWithConnection = false;
  #left: number;

  constructor(total: number) {
    this.#left = total;
  }

  push(bytes: Uint8Array, from: number): BodyStep {
    const end = Math.min(bytes.length, from + this.#left);
    this.#left -= end - from;
    return { part: between(bytes, from, end), rest: this.#left === 0 ? end : null };
  }
}

function between(bytes: Uint8Array, from: number, end: number): Uint8Array | null {
  if (from === end) return null;
  return from === 0 && end === bytes.length ? bytes : bytes.subarray(from, end);
}

/** `after`: the line end behind a chunk's bytes. */
type Place = "size" | "bytes" | "after" | "trailers";

class ChunkedReader implements BodyReader {
  readonly endsWithConnection = false;
  #place: Place = "size";
  /** Bytes of the chunk that are still to come. */
  #left = 0;
  /** The line under way, without its end. */
  #line = "";
  #trailers = 0;
  #overhead = 0;

  push(bytes: Uint8Array, from: number): BodyStep {
    const parts: Uint8Array[] = [];
    let at = from;
    while (at < bytes.length) {
      if (this.#place === "bytes") {
        const end = Math.min(bytes.length, at + this.#left);
        parts.push(bytes.subarray(at, end));
        this.#left -= end - at;
        at = end;
        if (this.#left === 0) this.#place = "after";
        continue;
      }
      const end = bytes.indexOf(LF, at);
      const lineEnd = end === -1 ? bytes.length : end;
      if (this.#line.length + lineEnd - at > MAX_CHUNK_LINE) {
        throw new HttpError("EPROTO", "A chunk's line is too long.");
      }
      this.#line += asBuffer(bytes).toString("latin1", at, lineEnd);
      if (end === -1) break;
      at = end + 1;
      if (this.#take()) return { part: joined(parts), rest: at };
    }
    return { part: joined(parts), rest: null };
  }

  /** The line is here; true when it was the last of the body. */
  #take(): boolean {
    const ended = this.#line.charCodeAt(this.#line.length - 1) === CR;
    const line = ended ? this.#line.slice(0, -1) : this.#line;
    this.#line = "";
    if (!ended || line.includes("\r")) throw new HttpError("EPROTO", "A chunk's line has the wrong end.");
    if (this.#place === "trailers") {
      this.#trailers += line.length;
      if (this.#trailers > MAX_TRAILERS) throw new HttpError("EPROTO", "The trailers are too long.");
      return line === "";
    }
    if (this.#place === "after") {
      if (line !== "") throw new HttpError("EPROTO", "A chunk is longer than it says.");
      this.#place = "size";
      return false;
    }
    const size = CHUNK_LINE.exec(line)?.[1];
    if (size === undefined) throw new HttpError("EPROTO", "A chunk has no valid size.");
    this.#left = Number.parseInt(size, 16);
    this.#overhead = Math.max(0, this.#overhead + line.length - CHUNK_COSTS - 2 * this.#left);
    if (this.#overhead > MAX_OVERHEAD) throw new HttpError("EPROTO", "The chunks say more than they hold.");
    this.#place = this.#left === 0 ? "trailers" : "bytes";
    return false;
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array | null {
  return parts.length < 2 ? (parts[0] ?? null) : Buffer.concat(parts);
}
