/**
 * Bun's sockets as the port of the HTTP client. Owns what differs in them: a write that takes a part only, and TLS,
 * where nothing is sent before the certificate was found to be trusted and of this host. What arrives on all of them in
 * one turn of the event loop is handed on together, and what is written leaves together.
 */
import type { Socket as BunSocket } from "bun";
import type { Coalesce, Task } from "../core/coalesce.ts";
import type { OpenSocket, Origin, Socket, SocketEvents } from "../providers/http1/socket.ts";

/** One for all sockets: the runtime keeps a copy of handlers for each set that it is given. */
const HANDLERS = {
  binaryType: "buffer" as const,
  open: (socket: BunSocket<Line>) => socket.data.onOpen(socket),
  handshake(socket: BunSocket<Line>, success: boolean, error: Error | null) {
    socket.data.onHandshake(
      success ? error : (error ?? coded("ERR_TLS_HANDSHAKE", "The TLS handshake failed.")),
    );
  },
  data: (socket: BunSocket<Line>, bytes: Buffer) => socket.data.onData(bytes),
  drain: (socket: BunSocket<Line>) => socket.data.onDrain(),
  error: (socket: BunSocket<Line>, error: Error) => socket.data.onError(error),
  close: (socket: BunSocket<Line>, error?: Error) => socket.data.onClose(error),
  connectError: (socket: BunSocket<Line>, error: Error) => socket.data.failed(error),
};

export function bunSockets(arrivals: Coalesce, departures: Coalesce): OpenSocket {
  return (origin, events) => {
    const line = new Line(origin, events, arrivals, departures);
    const { secure, host, port } = origin;
    Bun.connect<Line>({
      hostname: host,
      port,
      data: line,
      socket: HANDLERS,
      ...(secure && { tls: tlsOf(host) }),
    }).catch(line.failed);
    return { socket: line.connected, giveUp: () => line.destroy() };
  };
}

/** As URLs have them: four numbers, or anything with a colon. `isIP` would bring all of `node:net` to every start. */
const ADDRESS = /^\d+(?:\.\d+){3}$|:/;

/** An address is no name that a server could be asked for by. */
function tlsOf(host: string) {
  return !ADDRESS.test(host) ? { rejectUnauthorized: true, serverName: host } : { rejectUnauthorized: true };
}

/** One socket, from the wish to connect it to its end. */
class Line implements Socket {
  readonly connected: Promise<Socket>;
  readonly failed: (error: unknown) => void;
  readonly #ready: (socket: Socket) => void;
  readonly #secure: boolean;
  readonly #events: SocketEvents;
  readonly #arrivals: Coalesce;
  readonly #departures: Coalesce;
  readonly #arrival: Task = { run: () => this.#deliver() };
  readonly #departure: Task = { run: () => this.#depart() };
  /** Null until it is connected. */
  #socket: BunSocket<Line> | null = null;
  /** Came in this turn; null: nothing. */
  #arrived: Buffer | null = null;
  /** Written in this turn. */
  #leaving = "";
  /** Bytes that the system did not take yet, in order. */
  #unsent: Buffer | null = null;
  #error: Error | undefined;
  /** No event is wanted any more. */
  #dropped = false;

  constructor({ secure }: Origin, events: SocketEvents, arrivals: Coalesce, departures: Coalesce) {
    const { promise, resolve, reject } = Promise.withResolvers<Socket>();
    this.connected = promise;
    this.#ready = resolve;
    this.failed = reject;
    this.#secure = secure;
    this.#events = events;
    this.#arrivals = arrivals;
    this.#departures = departures;
  }

  onOpen(socket: BunSocket<Line>): void {
    this.#socket = socket;
    if (this.#dropped) {
      socket.terminate();
      return;
    }
    socket.setNoDelay(true);
    if (!this.#secure) this.#ready(this);
  }

  onHandshake(error: Error | null): void {
    if (this.#dropped) return;
    if (error === null) {
      this.#ready(this);
      return;
    }
    this.failed(error);
    this.destroy();
  }

  onData(bytes: Buffer): void {
    if (this.#leaving !== "") {
      this.#breakOff();
      return;
    }
    if (this.#arrived !== null) {
      this.#arrived = Buffer.concat([this.#arrived, bytes]);
      return;
    }
    this.#arrived = bytes;
    this.#arrivals(this.#arrival);
  }

  onDrain(): void {
    const unsent = this.#unsent;
    this.#unsent = null;
    if (unsent !== null) this.#send(unsent, unsent.length);
  }

  onError(error: Error): void {
    this.#error = error;
  }

  onClose(error: Error | undefined): void {
    // What came before the end is heard before it.
    this.#deliver();
    const why = error ?? this.#error;
    this.failed(why ?? coded("ECONNRESET", "The connection was closed before it was ready."));
    if (this.#dropped) return;
    this.#dropped = true;
    this.#events.onClose(why);
  }

  write(text: string): void {
    if (this.#arrived !== null) {
      this.#breakOff();
      return;
    }
    const isFirst = this.#leaving === "";
    this.#leaving += text;
    if (isFirst && text !== "") this.#departures(this.#departure);
  }

  get flushed(): boolean {
    return this.#leaving === "" && this.#unsent === null;
  }

  pause(): void {
    this.#socket?.pause();
  }

  resume(): void {
    this.#socket?.resume();
  }

  close(): void {
    this.#dropped = true;
    this.#socket?.close();
  }

  /** One that is not connected yet is closed as soon as it is. */
  destroy(): void {
    this.#dropped = true;
    this.#unsent = null;
    this.#socket?.terminate();
  }

  /**
   * The other side spoke before the call had left, as a server does that gives up an idle connection. Handed on, that
   * would be taken for the call's answer; nothing was sent, so the call may go over another connection.
   */
  #breakOff(): void {
    this.#arrived = null;
    if (this.#dropped) return;
    this.destroy();
    this.#events.onClose(coded("ECONNRESET", "The server spoke before it was asked."));
  }

  #deliver(): void {
    const arrived = this.#arrived;
    this.#arrived = null;
    if (arrived !== null && !this.#dropped) this.#events.onData(arrived);
  }

  #depart(): void {
    const text = this.#leaving;
    this.#leaving = "";
    if (this.#dropped) return;
    if (this.#unsent === null) this.#send(text, Buffer.byteLength(text));
    else this.#unsent = Buffer.concat([this.#unsent, Buffer.from(text)]);
  }

  #send(bytes: Buffer | string, length: number): void {
    const taken = this.#socket?.write(bytes) ?? -1;
    if (taken < 0) this.#socket?.terminate();
    else if (taken < length)
      this.#unsent = (typeof bytes === "string" ? Buffer.from(bytes) : bytes).subarray(taken);
  }
}

function coded(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
