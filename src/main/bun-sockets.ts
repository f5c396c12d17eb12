/**
 * Bun's sockets as the port of the HTTP client. Owns what differs in them: a write that takes a part only, and TLS,
 * where nothing is sent before the certificate was found to be trusted and of this host.
 */
import { isIP } from "node:net";
import type { Socket as BunSocket } from "bun";
import type { Departing, Departures } from "../core/departures.ts";
import type { OpenSocket, Socket, SocketEvents } from "../providers/http1/socket.ts";

/** What a socket's handlers need of the connection that it belongs to. */
interface Attached {
  readonly events: SocketEvents;
  readonly secure: boolean;
  /** Of the promise of an open socket. */
  readonly ready: (socket: BunSocket<Attached>) => void;
  readonly failed: (error: unknown) => void;
  /** Null until it is connected. */
  socket: BunSocket<Attached> | null;
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
    const { data } = socket;
    data.socket = socket;
    if (data.dropped) {
      socket.terminate();
      return;
    }
    socket.setNoDelay(true);
    if (!data.secure) data.ready(socket);
  },
  handshake(socket: BunSocket<Attached>, success: boolean, error: Error | null) {
    const { data } = socket;
    if (data.dropped) return;
    if (success && error === null) return data.ready(socket);
    data.failed(error ?? coded("ERR_TLS_HANDSHAKE", "The TLS handshake failed."));
    drop(data);
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
    const why = error ?? data.error ?? undefined;
    data.failed(why ?? coded("ECONNRESET", "The connection was closed before it was ready."));
    if (data.dropped) return;
    data.dropped = true;
    data.events.onClose(why);
  },
  connectError(socket: BunSocket<Attached>, error: Error) {
    socket.data.failed(error);
  },
};

/** What is written leaves by `departures`. */
export function bunSockets(departures: Departures): OpenSocket {
  return ({ secure, host, port }, events) => {
    const { promise, resolve, reject } = Promise.withResolvers<Socket>();
    const data: Attached = {
      events,
      secure,
      ready: (socket) => resolve(new OpenBunSocket(socket, departures)),
      failed: reject,
      socket: null,
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
    return { socket: promise, giveUp: () => drop(data) };
  };
}

/** An address is no name that a server could be asked for by. */
function tlsOf(host: string) {
  return isIP(host) === 0 ? { rejectUnauthorized: true, serverName: host } : { rejectUnauthorized: true };
}

class OpenBunSocket implements Socket, Departing {
  readonly #socket: BunSocket<Attached>;
  readonly #departures: Departures;
  /** Written, and not yet given to the system. */
  #leaving = "";

  constructor(socket: BunSocket<Attached>, departures: Departures) {
    this.#socket = socket;
    this.#departures = departures;
  }

  write(text: string): void {
    const isFirst = this.#leaving === "";
    this.#leaving += text;
    if (isFirst && text !== "") this.#departures(this);
  }

  depart(): void {
    const { data } = this.#socket;
    const text = this.#leaving;
    this.#leaving = "";
    if (data.dropped) return;
    if (data.unsent !== null) {
      data.unsent = Buffer.concat([data.unsent, Buffer.from(text)]);
      return;
    }
    const taken = this.#socket.write(text);
    if (taken < 0) this.#socket.terminate();
    else if (taken < Buffer.byteLength(text)) data.unsent = Buffer.from(text).subarray(taken);
  }

  get flushed(): boolean {
    return this.#leaving === "" && this.#socket.data.unsent === null;
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  close(): void {
    this.#socket.data.dropped = true;
    this.#socket.close();
  }

  destroy(): void {
    drop(this.#socket.data);
  }
}

function send(socket: BunSocket<Attached>, bytes: Buffer): void {
  const taken = socket.write(bytes);
  if (taken < 0) socket.terminate();
  else if (taken < bytes.length) socket.data.unsent = bytes.subarray(taken);
}

/** One that is not connected yet is closed as soon as it is. */
function drop(data: Attached): void {
  data.dropped = true;
  data.unsent = null;
  data.socket?.terminate();
}

function coded(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
