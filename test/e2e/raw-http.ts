/**
 * HTTP/1.1 by hand, for what no client would send and for more requests at once than a client's pool
 * allows. One request a connection. Knows nothing of the gateway.
 */
import { connect, type Socket } from "node:net";

export interface RawResponse {
  readonly status: number;
  /** Lower-case names; of a repeated header the last one. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const LIMIT_MS = 20_000;

/**
 * Sends `pieces` as they stand and reads until the connection closes or the response is complete. Null when
 * it closed without a response. A piece that cannot be written because the server has answered and closed
 * is no error: the response tells.
 */
export async function sendRaw(
  url: string,
  pieces: readonly (string | Uint8Array)[],
): Promise<RawResponse | null> {
  const socket = await open(url);
  const response = receive(socket);
  for (const piece of pieces) {
    if (socket.destroyed) break;
    if (!socket.write(piece)) await drained(socket);
  }
  return response;
}

/** A connection to the host of `url`; rejects when it is refused. */
export function open(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => resolve(socket));
    socket.once("error", reject);
  });
}

/** Resolves with the response that `socket` gets. */
export function receive(socket: Socket): Promise<RawResponse | null> {
  let bytes = Buffer.alloc(0);
  return new Promise((resolve, reject) => {
    const limit = setTimeout(() => {
      socket.destroy();
      reject(
        new Error(
          `No complete response within ${LIMIT_MS} ms; so far: ${bytes.toString("latin1").slice(0, 200)}`,
        ),
      );
    }, LIMIT_MS);
    const settle = (response: RawResponse | null) => {
      clearTimeout(limit);
      socket.destroy();
      resolve(response);
    };
    socket.on("data", (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
      const response = parse(bytes, false);
      if (response) settle(response);
    });
    socket.on("error", () => settle(parse(bytes, true)));
    socket.on("close", () => settle(parse(bytes, true)));
  });
}

function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      socket.off("drain", done);
      socket.off("close", done);
      resolve();
    };
    socket.on("drain", done);
    socket.on("close", done);
  });
}

/** Null while the response is not complete; at the end of the connection what there is of it counts. */
function parse(bytes: Buffer, ended: boolean): RawResponse | null {
  const text = bytes.toString("latin1");
  const headEnd = text.indexOf("\r\n\r\n");
  if (headEnd === -1) return null;
  const [statusLine = "", ...lines] = text.slice(0, headEnd).split("\r\n");
  const status = Number(statusLine.split(" ")[1]);
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(":");
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  const rest = bytes.subarray(headEnd + 4);
  const body = bodyOf(rest, headers, ended);
  return body === null ? null : { status, headers, body: body.toString("utf8") };
}

function bodyOf(rest: Buffer, headers: Readonly<Record<string, string>>, ended: boolean): Buffer | null {
  if (headers["transfer-encoding"] === "chunked") return dechunk(rest) ?? (ended ? rest : null);
  const length = Number(headers["content-length"] ?? Number.NaN);
  if (Number.isNaN(length)) return ended ? rest : null;
  return rest.length >= length || ended ? rest.subarray(0, length) : null;
}

function dechunk(rest: Buffer): Buffer | null {
  const parts: Buffer[] = [];
  for (let at = 0; ; ) {
    const lineEnd = rest.indexOf("\r\n", at);
    if (lineEnd === -1) return null;
    const size = Number.parseInt(rest.subarray(at, lineEnd).toString("latin1"), 16);
    if (size === 0) return Buffer.concat(parts);
    const end = lineEnd + 2 + size;
    if (rest.length < end + 2) return null;
    parts.push(rest.subarray(lineEnd + 2, end));
    at = end + 2;
  }
}
