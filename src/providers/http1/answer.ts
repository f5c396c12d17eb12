/**
 * One answer as it comes: parts that wait for their reader, at most so many before the connection is paused. Owns
 * that queue; whose bytes they are is the connection's.
 */
import { type ByteReader, readBounded } from "../../core/bounded-body.ts";
import { mediaType } from "../fetch-transport.ts";
import type { UpstreamAnswer } from "../transport.ts";
import { decode } from "./decode.ts";
import { HttpError } from "./http-error.ts";
import { headersOf, type ResponseHead } from "./response-head.ts";

/** Bytes that may wait before the server is slowed down. */
const MAX_WAITING = 256 * 1024;
const EMPTY = new Uint8Array(0);
const DONE = Object.freeze({ done: true as const });

type Read = { readonly done: boolean; readonly value?: Uint8Array | undefined };

/** What an answer asks of its connection. */
export interface Line {
  pause(): void;
  resume(): void;
  destroy(error: unknown): void;
}

export class Http1Answer implements UpstreamAnswer {
  readonly status: number;
  readonly #head: ResponseHead;
  /** Null once nothing more can come of it. */
  #line: Line | null;
  #parts: Uint8Array[] = [];
  #waiting = 0;
  #paused = false;
  #error: unknown = null;
  #decoded: ByteReader | null = null;
  #reader: { resolve(read: Read): void; reject(error: unknown): void } | null = null;

  constructor(head: ResponseHead, line: Line) {
    this.status = head.status;
    this.#head = head;
    this.#line = line;
  }

  get contentType(): string {
    return mediaType(this.#head.contentType);
  }

  headers(): Headers {
    const { bytes, from, end } = this.#head;
    return headersOf(bytes.toString("latin1", from, end));
  }

  push(part: Uint8Array): void {
    const reader = this.#reader;
    if (reader !== null) {
      this.#reader = null;
      reader.resolve({ done: false, value: part });
      return;
    }
    this.#parts.push(part);
    this.#waiting += part.length;
    if (this.#waiting > MAX_WAITING && !this.#paused) {
      this.#paused = true;
      this.#line?.pause();
    }
  }

  end(): void {
    // The connection is somebody else's from here on, and must not stay paused for what waits here.
    if (this.#paused) this.#line?.resume();
    this.#paused = false;
    this.#line = null;
    this.#reader?.resolve(DONE);
    this.#reader = null;
  }

  fail(error: unknown): void {
    this.#line = null;
    this.#error = error;
    this.#reader?.reject(error);
    this.#reader = null;
  }

  read(): Promise<Read> {
    const { encoding } = this.#head;
    if (encoding === null) return this.#readRaw();
    this.#decoded ??= decode({ read: () => this.#readRaw(), cancel: () => this.cancel() }, encoding);
    return this.#decoded.read();
  }

  #readRaw(): Promise<Read> {
    const part = this.#parts.shift();
    if (part !== undefined) {
      this.#taken(part.length);
      return Promise.resolve({ done: false, value: part });
    }
    if (this.#error !== null) return Promise.reject(this.#error);
    if (this.#line === null) return Promise.resolve(DONE);
    return new Promise((resolve, reject) => {
      this.#reader = { resolve, reject };
    });
  }

  async cancel(): Promise<void> {
    this.#line?.destroy(new HttpError("ECANCELED", "The answer is no longer wanted."));
  }

  whole(maxBytes: number): Uint8Array | Promise<Uint8Array> {
    const [only] = this.#parts;
    const isHere = this.#line === null && this.#error === null && this.#parts.length < 2;
    if (!isHere || this.#head.encoding !== null || this.#waiting > maxBytes) return this.#gather(maxBytes);
    return only ?? EMPTY;
  }

  async #gather(maxBytes: number): Promise<Uint8Array> {
    const body = await readBounded(this, maxBytes);
    if (!body.ok) throw new RangeError("body too large");
    return body.bytes;
  }

  #taken(bytes: number): void {
    this.#waiting -= bytes;
    if (!this.#paused || this.#waiting > MAX_WAITING / 2) return;
    this.#paused = false;
    this.#line?.resume();
  }
}
