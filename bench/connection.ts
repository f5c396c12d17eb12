/** A keep-alive HTTP/1.1 connection over a raw socket, one call at a time. Owns the socket alone. */
import { type ReceivedResponse, ResponseReader } from "./http-response.ts";

/** Receives the response, or null when the connection ended before it was whole. */
export type OnResponse = (response: ReceivedResponse | null) => void;

export interface Connection {
  /** False once the server has closed it, as a server may do with an idle one. */
  isOpen(): boolean;
  /** Sends a prepared request; legal when no other one is under way. */
  send(request: Uint8Array, onResponse: OnResponse): void;
  close(): void;
}

/** What goes over the wire for a POST, head and body. */
export function prepareRequest(
  port: number,
  path: string,
  headers: Readonly<Record<string, string>>,
  body: string,
): Uint8Array {
  const lines = Object.entries({
    host: `127.0.0.1:${port}`,
    ...headers,
    "content-type": "application/json",
    "content-length": String(Buffer.byteLength(body)),
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`POST ${path} HTTP/1.1\r\n${lines.join("")}\r\n${body}`);
}

export async function openConnection(port: number): Promise<Connection> {
  const reader = new ResponseReader();
  let waiting: OnResponse | null = null;
  let unsent: Uint8Array | null = null;
  let open = true;
  const answer = (response: ReceivedResponse | null) => {
    const receiver = waiting;
    waiting = null;
    receiver?.(response);
  };
  const ended = () => {
    open = false;
    answer(null);
  };
  const socket = await Bun.connect({
    hostname: "127.0.0.1",
    port,
    socket: {
      data(_, bytes) {
        const response = reader.push(bytes.toString("latin1"));
        if (response) answer(response);
      },
      drain(drained) {
        if (unsent === null) return;
        const written = drained.write(unsent);
        unsent = written < unsent.length ? unsent.subarray(written) : null;
      },
      end: ended,
      close: ended,
      error: ended,
    },
  });
  return {
    isOpen: () => open,
    send(request, onResponse) {
      waiting = onResponse;
      const written = socket.write(request);
      if (written < request.length) unsent = request.subarray(Math.max(0, written));
    },
    close: () => socket.end(),
  };
}

/** Opens `count` connections, a few at a time, so that the listener's queue never overflows. */
export async function openConnections(port: number, count: number): Promise<Connection[]> {
  const connections: Connection[] = [];
  while (connections.length < count) {
    const wave = Math.min(50, count - connections.length);
    connections.push(...(await Promise.all(Array.from({ length: wave }, () => openConnection(port)))));
  }
  return connections;
}
