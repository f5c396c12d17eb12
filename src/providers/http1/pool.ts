/** Connections that wait for their next call, and new ones. Owns how long and how many wait; sends nothing over them. */
import type { Clock, Timer } from "../../core/clock.ts";
import { Connection } from "./connection.ts";
import { HttpError } from "./http-error.ts";
import type { Target } from "./request-text.ts";
import type { OpenSocket } from "./socket.ts";

/** Below the idle limits that servers and load balancers commonly have (60 s), so that we are first. */
const IDLE_MS = 45_000;
/** How much earlier than the server says an idle connection is given up. */
const MARGIN_MS = 1000;
const SWEEP_MS = 5_000;
/** Idle connections to one origin. */
const MAX_IDLE = 1024;

interface Idle {
  readonly connection: Connection;
  /** Epoch milliseconds. */
  readonly until: number;
}

/** A connection that is being made. */
export interface Opening {
  /** Rejects with why it could not be made. */
  readonly connection: Promise<Connection>;
  giveUp(why: HttpError): void;
}

export class ConnectionPool {
  readonly #clock: Clock;
  readonly #open: OpenSocket;
  readonly #idle = new Map<string, Idle[]>();
  #sweeping: Timer | null = null;
  #closed = false;

  constructor(clock: Clock, open: OpenSocket) {
    this.#clock = clock;
    this.#open = open;
  }

  /** The one that was used last, since the others may then grow old and go; null: none waits. */
  take(key: string): Connection | null {
    const idle = this.#idle.get(key);
    for (let last = idle?.pop(); last; last = idle?.pop()) {
      if (!last.connection.closed && last.until > this.#clock.now()) return last.connection;
      last.connection.drop();
    }
    return null;
  }

  /** A new one, which waits here whenever it is free. Given up after `withinMs`. */
  connect({ origin, key }: Target, withinMs: number): Opening {
    const { promise, resolve, reject } = Promise.withResolvers<Connection>();
    const connection = new Connection((free, statedMs) => this.#keep(key, free, statedMs));
    const opening = this.#open(origin, connection);
    const giveUp = (why: HttpError): void => {
      timer.cancel();
      opening.giveUp();
      reject(why);
    };
    const timer = this.#clock.after(withinMs, () =>
      giveUp(new HttpError("ETIMEDOUT", "The connection could not be made in time.")),
    );
    opening.socket.then(
      (socket) => {
        timer.cancel();
        connection.attach(socket);
        resolve(connection);
      },
      (thrown: unknown) => {
        timer.cancel();
        reject(thrown);
      },
    );
    return { connection: promise, giveUp };
  }

  /** Ends all that wait; those under way end with their calls. */
  close(): void {
    this.#closed = true;
    this.#sweeping?.cancel();
    for (const idle of this.#idle.values()) for (const { connection } of idle) connection.drop();
    this.#idle.clear();
  }

  #keep(key: string, connection: Connection, statedMs: number | null): void {
    const idle = this.#idle.get(key) ?? [];
    const idleMs = statedMs === null ? IDLE_MS : Math.min(IDLE_MS, statedMs - MARGIN_MS);
    if (this.#closed || idleMs <= 0 || idle.length >= MAX_IDLE) {
      connection.drop();
      return;
    }
    idle.push({ connection, until: this.#clock.now() + idleMs });
    if (idle.length === 1) this.#idle.set(key, idle);
    this.#sweeping ??= this.#clock.after(SWEEP_MS, () => this.#sweep());
  }

  #sweep(): void {
    const now = this.#clock.now();
    this.#sweeping = null;
    for (const [key, idle] of this.#idle) {
      const kept = idle.filter(({ connection, until }) => {
        if (connection.closed) return false;
        if (until > now) return true;
        connection.drop();
        return false;
      });
      if (kept.length === 0) this.#idle.delete(key);
      else this.#idle.set(key, kept);
    }
    if (this.#idle.size > 0) this.#sweeping = this.#clock.after(SWEEP_MS, () => this.#sweep());
  }
}
