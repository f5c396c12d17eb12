/** Sockets whose other side is the test. Owns no bytes of the network. */
import type { OpenSocket, Origin, Socket, SocketEvents } from "./socket.ts";

export class FakeSocket implements Socket {
  readonly written: string[] = [];
  flushed = true;
  paused = false;
  destroyed = false;
  readonly #events: SocketEvents;

  constructor(events: SocketEvents) {
    this.#events = events;
  }

  write(text: string): void {
    this.written.push(text);
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
  }

  close(): void {
    this.destroyed = true;
  }

  destroy(): void {
    this.destroyed = true;
  }

  /** The server sends this. */
  says(bytes: string | Uint8Array): void {
    if (this.destroyed) return;
    this.#events.onData(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes);
  }

  /** The connection ends: in peace, or with `error`. */
  closes(error?: unknown): void {
    if (!this.destroyed) this.#events.onClose(error);
  }
}

/** A socket that was asked for. */
export interface FakeOpening {
  readonly origin: Origin;
  readonly socket: FakeSocket;
  connects(): void;
  fails(error: unknown): void;
  readonly givenUp: boolean;
}

/** A network that connects at once where `connects`, and else when the test says so. */
export function createFakeNetwork(connects: boolean): {
  readonly open: OpenSocket;
  readonly openings: readonly FakeOpening[];
} {
  const openings: FakeOpening[] = [];
  const open: OpenSocket = (origin, events) => {
    const { promise, resolve, reject } = Promise.withResolvers<FakeSocket>();
    const socket = new FakeSocket(events);
    let givenUp = false;
    openings.push({
      origin,
      socket,
      connects: () => resolve(socket),
      fails: reject,
      get givenUp() {
        return givenUp;
      },
    });
    if (connects) resolve(socket);
    return {
      socket: promise,
      giveUp() {
        givenUp = true;
        socket.destroy();
      },
    };
  };
  return { open, openings };
}
