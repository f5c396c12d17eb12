/**
 * Bun's sockets as the port of the HTTP client. Owns what differs in them: a write that takes a part only, and TLS,
 * where nothing is sent before the certificate was found to be trusted and of this host.
 */
import { isIP } from "node:net";
import type { Socket as BunSocket } from "bun";
import type { Origin, Socket, SocketEvents } from "../providers/http1/socket.ts";

/** What a socket's handlers need of the connection that it belongs to. */
interface Attached {
  readonly events: SocketEvents;
  readonly secure: boolean;
  /** Of `openBunSocket`'s promise. */
  readonly ready: (socket: BunSocket<Attached>) => void;
  readonly failed: (error: unknown) => void;
  /** Bytes that the system did not take yet, in order. */
  unsent: Buffer | null;
  error: unknown;
  /** No event is wanted any more. */
  dropped: boolean;
}

/** One for all sockets: the runtime keeps a copy of handlers for each set that it is given. */
const HANDLERS = {
  binaryType: "buffer" as const,
  open(socket: BunSocket<Attached>) {
    socket.setNoDelay(true);
    if (!socket.data.secure) socket.data.ready(socket);
  },
  handshake(socket: BunSocket<Attached>, success: boolean, error: Error | null) {
    const { ready, failed } = socket.data;
    if (success && error === null) return ready(socket);
    failed(error ?? coded("ERR_TLS_HANDSHAKE", "The TLS handshake failed."));
    socket.data.dropped = true;
    socket.terminate();
  },
  data(socket: BunSocket<Attached>, bytes: Buffer) {
    if (!socket.data.dropped) socket.data.events.onData(bytes);
  },
  drain(socket: BunSocket<Attached>) {
    const { unsent } = socket.data;
    if (unsent === null) return;
    socket.data.unsent = null;
    send(socket, unsent);
  },
  error(socket: BunSocket<Attached>, error: Error) {
    socket.data.error = error;
  },
  close(socket: BunSocket<Attached>, error?: Error) {
    const { data } = socket;
    data.failed(error ?? data.error ?? coded("ECONNRESET", "The connection was closed before it was ready."));
    if (data.dropped) return;
    data.dropped = true;
    data.events.onClose(error ?? data.error ?? undefined);
  },
  connectError(socket: BunSocket<Attached>, error: Error) {
    socket.data.failed(error);
  },
};

export function openBunSocket({ secure, host, port }: Origin, events: SocketEvents): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const data: Attached = {
      events,
      secure,
      ready: (socket) => resolve(wrap(socket)),
      failed: reject,
      unsent: null,
      error: undefined,
      dropped: false,
    };
    Bun.connect<Attached>({
      hostname: host,
      port,
      data,
      socket: HANDLERS,
      ...(secure && { tls: tlsOf(host) }),
    }).catch(reject);
  });
}

/** An address is no name that a server could be asked for by. */
function tlsOf(host: string) {
  return isIP(host) === 0 ? { rejectUnauthorized: true, serverName: host } : { rejectUnauthorized: true };
}

function wrap(socket: BunSocket<Attached>): Socket {
  return {
    write(text) {
      if (socket.data.unsent !== null) {
        socket.data.unsent = Buffer.concat([socket.data.unsent, Buffer.from(text)]);
        return;
      }
      const taken = socket.write(text);
      if (taken >= 0 && taken < Buffer.byteLength(text)) keepUnsent(socket, Buffer.from(text), taken);
      else if (taken < 0) socket.terminate();
    },
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    destroy() {
      socket.data.dropped = true;
      socket.terminate();
    },
  };
}

function send(socket: BunSocket<Attached>, bytes: Buffer): void {
  const taken = socket.write(bytes);
  if (taken < 0) socket.terminate();
  else if (taken < bytes.length) keepUnsent(socket, bytes, taken);
}

function keepUnsent(socket: BunSocket<Attached>, bytes: Buffer, taken: number): void {
  socket.data.unsent = bytes.subarray(taken);
}

function coded(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
