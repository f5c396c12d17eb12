/**
 * Reads HTTP/1.1 responses from a keep-alive connection, whole or chunked, however the bytes are cut. Owns
 * the reading; opens no socket. Knows just what the bench's own peers send: no trailers, no 1xx, no
 * body that ends with the connection.
 */

export interface ReceivedResponse {
  readonly status: number;
  readonly body: string;
}

type Phase =
  | { readonly at: "head" }
  | { readonly at: "sized"; readonly length: number }
  | { readonly at: "chunk-size" }
  | { readonly at: "chunk"; readonly length: number };

const HEAD: Phase = { at: "head" };
const CHUNK_SIZE: Phase = { at: "chunk-size" };

export class ResponseReader {
  #phase: Phase = HEAD;
  #pending = "";
  #body = "";
  #status = 0;

  /** Takes bytes as latin-1 text; returns the response that they complete, if they do. */
  push(text: string): ReceivedResponse | null {
    this.#pending += text;
    for (;;) {
      const step = this.#step();
      if (step !== "again") return step;
    }
  }

  #step(): ReceivedResponse | null | "again" {
    const phase = this.#phase;
    if (phase.at === "head") return this.#readHead();
    if (phase.at === "chunk-size") return this.#readChunkSize();
    const end = phase.at === "sized" ? phase.length : phase.length + 2;
    if (this.#pending.length < end) return null;
    this.#body += this.#pending.slice(0, phase.length);
    this.#pending = this.#pending.slice(end);
    if (phase.at === "sized" || phase.length === 0) return this.#complete();
    this.#phase = CHUNK_SIZE;
    return "again";
  }

  #readHead(): null | "again" {
    const end = this.#pending.indexOf("\r\n\r\n");
    if (end < 0) return null;
    const head = this.#pending.slice(0, end).toLowerCase();
    this.#pending = this.#pending.slice(end + 4);
    this.#status = Number(head.slice(9, 12));
    const length = /\r\ncontent-length: *(\d+)/.exec(head)?.[1];
    this.#phase = length === undefined ? CHUNK_SIZE : { at: "sized", length: Number(length) };
    return "again";
  }

  #readChunkSize(): null | "again" {
    const end = this.#pending.indexOf("\r\n");
    if (end < 0) return null;
    this.#phase = { at: "chunk", length: Number.parseInt(this.#pending.slice(0, end), 16) };
    this.#pending = this.#pending.slice(end + 2);
    return "again";
  }

  #complete(): ReceivedResponse {
    const response = { status: this.#status, body: this.#body };
    this.#body = "";
    this.#phase = HEAD;
    return response;
  }
}
