/**
 * One request over a socket of its own, and every byte that came back until the end or the end of patience. Owns the
 * connection; what the bytes amount to is the judge's.
 */
import { prepareRequest } from "../connection.ts";
import { type HttpBytes, readHttp } from "./http-bytes.ts";

export interface Endpoint {
  readonly port: number;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** `response` is what arrived, null without a whole head. */
export interface Heard {
  readonly response: HttpBytes | null;
  /** `whole`: the response ended in order. `lost`: the connection ended before. `patience`: neither came. */
  readonly end: "whole" | "lost" | "patience";
}

/** Never rejects. `patienceMs` counts from the call. */
export function ask(endpoint: Endpoint, body: string, patienceMs: number): Promise<Heard> {
  const { port, path, headers } = endpoint;
  const request = prepareRequest(port, path, { ...headers, connection: "close" }, body);
  return new Promise((resolve) => {
    const pieces: Buffer[] = [];
    let settled = false;
    let socket: Bun.Socket | null = null;
    const settle = (end: Heard["end"], closed: boolean) => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      socket?.terminate();
      const response = readHttp(Buffer.concat(pieces), closed);
      resolve({ response, end: end === "lost" && response?.whole === true ? "whole" : end });
    };
    const timer = setTimeout(() => settle("patience", false), patienceMs);
    let unsent: Uint8Array = request;
    const send = (to: Bun.Socket) => {
      unsent = unsent.subarray(Math.max(0, to.write(unsent)));
    };
    Bun.connect({
      hostname: "127.0.0.1",
      port,
      socket: {
        open(opened) {
          socket = opened;
          if (settled) opened.terminate();
          else send(opened);
        },
        drain: send,
        data(_, bytes) {
          pieces.push(Buffer.from(bytes));
          if (readHttp(Buffer.concat(pieces), false)?.whole === true) settle("whole", false);
        },
        end: () => settle("lost", true),
        close: () => settle("lost", false),
        error: () => settle("lost", false),
        connectError: () => settle("lost", false),
      },
    }).catch(() => settle("lost", false));
  });
}
