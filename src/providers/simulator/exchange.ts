/**
 * One HTTP exchange: a bounded body in, bytes out, and knowing when the client left. Owns node:http's
 * requests and responses; knows no fault and no answer.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { type ErrorAnswer, refusal } from "./error-dialects/dialect.ts";
import type { Sink } from "./playback.ts";

/** Bytes of a request body. */
const MAX_BODY = 16 * 1024 * 1024;

/** Levels of nesting in a JSON body. */
export const MAX_DEPTH = 200;

export const TOO_LARGE = refusal(413, "The request body is over 16 MiB.", { code: "request_too_large" });

export type Headers = Readonly<Record<string, string>>;

const MARK: Headers = { "x-pointsman-simulated": "true" };

/** The body, or why there is none. Never rejects. */
export function readBody(request: IncomingMessage): Promise<Buffer | "too_large" | "gone"> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size <= MAX_BODY) chunks.push(chunk);
      else resolve("too_large");
    });
    request.on("end", () => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)));
    request.on("error", () => resolve("gone"));
    request.on("close", () => resolve("gone"));
  });
}

export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Headers = {},
): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    ...MARK,
    ...headers,
    "content-type": "application/json",
    "content-length": String(Buffer.byteLength(text)),
  });
  response.end(text);
}

export function sendError(response: ServerResponse, answer: ErrorAnswer, headers: Headers = {}): void {
  sendJson(response, answer.status, answer.body, { ...headers, ...answer.headers });
}

/** Drops the connection, as a reset where the platform can. */
export function resetConnection(request: IncomingMessage): void {
  const { socket } = request;
  if (typeof socket.resetAndDestroy === "function") socket.resetAndDestroy();
  else socket.destroy();
}

/**
 * Bytes of an answer that begins with status 200. Back-pressure is left to the socket: an answer is bounded
 * by its request's `max_tokens` and a few hundred tokens of text.
 */
export function responseSink(response: ServerResponse, headers: Headers): Sink {
  const begin = () => {
    if (!response.headersSent) response.writeHead(200, { ...MARK, ...headers });
  };
  return {
    write(bytes) {
      begin();
      if (bytes.length === 0) response.flushHeaders();
      else response.write(bytes);
    },
    end(bytes) {
      begin();
      response.end(bytes);
    },
    cut() {
      response.socket?.destroy();
    },
  };
}
