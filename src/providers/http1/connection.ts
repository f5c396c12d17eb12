/**
 * One connection to an origin, which carries one exchange after another. Owns whose bytes are whose: a response
 * belongs to the request before it, and a connection that says anything else is dropped.
 */
import type { UpstreamAnswer } from "../transport.ts";
import { Http1Answer } from "./answer.ts";
import { asBuffer } from "./as-buffer.ts";
import { type BodyReader, createBodyReader } from "./body-reader.ts";
import { HttpError } from "./http-error.ts";
import { MAX_HEAD_BYTES, mayBeHead, type ResponseHead, readHead } from "./response-head.ts";
import type { Socket, SocketEvents } from "./socket.ts";

/** Told when the exchange is over and the connection can take another one; `null`: the server says nothing. */
export type OnFree = (connection: Connection, keepAliveMs: number | null) => void;

const HEAD_END = Buffer.from("\r\n\r\n", "latin1");
const INTERIM = 200;

/** Whose request a connection carries. Told one of both, once. */
export interface Exchange {
  /** The answer has begun. */
  answered(answer: UpstreamAnswer): void;
  failed(error: unknown): void;
}

export class Connection implements SocketEvents {
  readonly #onFree: OnFree;
  #socket: Socket | null = null;
  #closed = false;
  /** Whose answer is not over. */
  #exchange: Exchange | null = null;
  /** It waits for a head. */
  #waiting = false;
  /** Bytes of a head that is not complete yet. */
  #held: Buffer | null = null;
  #head: ResponseHead | null = null;
  #body: BodyReader | null = null;
  #answer: Http1Answer | null = null;
  #answered = false;
  /** Bytes of interim heads of the present exchange. */
  #interim = 0;

  constructor(onFree: OnFree) {
    this.#onFree = onFree;
  }

  /** Once, before the first exchange. */
  attach(socket: Socket): void {
    this.#socket = socket;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Whether any byte came for the present exchange. */
  get answered(): boolean {
    return this.#answered;
  }

  /** Sends `request`, head and body, for `exchange`. */
  carry(request: string, exchange: Exchange): void {
    if (this.#closed || this.#socket === null) {
      exchange.failed(reset());
      return;
    }
    this.#answered = false;
    this.#interim = 0;
    this.#exchange = exchange;
    this.#waiting = true;
    this.#socket.write(request);
  }

  /** Drops the connection where it still carries `exchange`: it may be somebody else's by now. */
  abandon(exchange: Exchange, error: unknown): void {
    if (this.#exchange === exchange) this.destroy(error);
  }

  /** Closes it while it is idle. */
  drop(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket?.close();
  }

  /** Drops the connection; whoever waits for something of it gets `error`. */
  destroy(error: unknown): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket?.destroy();
    this.#fail(error);
  }

  onData(bytes: Uint8Array): void {
    if (this.#closed) return;
    this.#answered = true;
    try {
      if (this.#body !== null) this.#feed(bytes, 0);
      else if (this.#waiting) this.#readHead(bytes);
      else this.destroy(new HttpError("EPROTO", "The server speaks without being asked."));
    } catch (thrown) {
      this.destroy(thrown);
    }
  }

  onClose(error?: unknown): void {
    if (this.#closed) return;
    this.#closed = true;
    const ended = error === undefined && this.#body?.endsWithConnection === true;
    if (ended) {
      this.#answer?.end();
      this.#answer = null;
      this.#exchange = null;
    } else {
      this.#fail(error ?? reset());
    }
  }

  pause(): void {
    this.#socket?.pause();
  }

  resume(): void {
    this.#socket?.resume();
  }

  #fail(error: unknown): void {
    const waiting = this.#waiting ? this.#exchange : null;
    const answer = this.#answer;
    this.#waiting = false;
    this.#exchange = null;
    this.#answer = null;
    waiting?.failed(error);
    answer?.fail(error);
  }

  #readHead(arrived: Uint8Array): void {
    let bytes = asBuffer(arrived);
    if (this.#held !== null) bytes = Buffer.concat([this.#held, bytes]);
    this.#held = null;
    for (let from = 0; ; ) {
      const end = bytes.indexOf(HEAD_END, from);
      // Where its end is not here, it begins in the last three bytes at the earliest.
      const length = (end === -1 ? bytes.length - HEAD_END.length + 1 : end) - from;
      if (this.#interim + length > MAX_HEAD_BYTES) {
        throw new HttpError("EPROTO", "The head of the answer is too long.");
      }
      if (end === -1) {
        if (!mayBeHead(bytes, from)) {
          throw new HttpError("EPROTO", "The answer is not one of HTTP/1.1.");
        }
        this.#held = bytes.subarray(from);
        return;
      }
      const head = readHead(bytes, from, end);
      from = end + HEAD_END.length;
      // 100 Continue, 103 Early Hints: the answer proper is still to come.
      if (head.status < INTERIM) {
        this.#interim += length;
        continue;
      }
      this.#begin(head, bytes, from);
      return;
    }
  }

  #begin(head: ResponseHead, bytes: Buffer, from: number): void {
    const answer = new Http1Answer(head, this);
    this.#waiting = false;
    this.#head = head;
    this.#body = createBodyReader(head.body);
    this.#answer = answer;
    // Before the body is read, which may break: whoever waits then finds out by reading.
    this.#exchange?.answered(answer);
    this.#feed(bytes, from);
  }

  #feed(bytes: Uint8Array, from: number): void {
    const body = this.#body;
    const answer = this.#answer;
    const head = this.#head;
    if (body === null || answer === null || head === null) return;
    const { part, rest } = body.push(bytes, from);
    if (part !== null) answer.push(part);
    if (rest === null) return;
    this.#body = null;
    this.#answer = null;
    this.#exchange = null;
    answer.end();
    if (rest < bytes.length) this.destroy(new HttpError("EPROTO", "The answer is longer than it says."));
    // An answer may come before all of the request has left; what is left of it belongs to nobody then.
    else if (head.keepAlive && this.#socket?.flushed) this.#onFree(this, head.keepAliveMs);
    else this.drop();
  }
}

function reset(): HttpError {
  return new HttpError("ECONNRESET", "The connection ended before the answer did.");
}
