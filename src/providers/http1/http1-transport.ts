/**
 * Our own HTTP/1.1 client: connections that are kept, and calls over them. Owns the pool and when a call may be sent
 * a second time; the reading of HTTP is beside it. docs/adr/0008 says why it is here.
 */
import type { Clock, Timer } from "../../core/clock.ts";
import type { Ending, Transport, UpstreamAnswer } from "../transport.ts";
import { Connection } from "./connection.ts";
import { HttpError } from "./http-error.ts";
import { requestText, type Target, targetOf } from "./request-text.ts";
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

export interface Http1Ports {
  readonly clock: Clock;
  readonly open: OpenSocket;
}

export function createHttp1Transport({ clock, open }: Http1Ports): Transport {
  const pools = new Map<string, Idle[]>();
  let sweeping: Timer | null = null;
  let closed = false;

  const sweep = (): void => {
    const now = clock.now();
    sweeping = null;
    for (const [key, idle] of pools) {
      const kept = idle.filter(({ connection, until }) => {
        if (connection.closed) return false;
        if (until > now) return true;
        connection.destroy(null);
        return false;
      });
      if (kept.length === 0) pools.delete(key);
      else pools.set(key, kept);
    }
    if (pools.size > 0) sweeping = clock.after(SWEEP_MS, sweep);
  };
  const keep = (key: string, connection: Connection, statedMs: number | null): void => {
    const pool = pools.get(key) ?? [];
    const idleMs = statedMs === null ? IDLE_MS : Math.min(IDLE_MS, statedMs - MARGIN_MS);
    if (closed || idleMs <= 0 || pool.length >= MAX_IDLE) {
      connection.destroy(null);
      return;
    }
    pool.push({ connection, until: clock.now() + idleMs });
    if (pool.length === 1) pools.set(key, pool);
    sweeping ??= clock.after(SWEEP_MS, sweep);
  };
  /** The one that was used last: the others may then grow old and go. */
  const take = (key: string): Connection | null => {
    const pool = pools.get(key);
    for (let idle = pool?.pop(); idle; idle = pool?.pop()) {
      if (!idle.connection.closed && idle.until > clock.now()) return idle.connection;
      idle.connection.destroy(null);
    }
    return null;
  };
  const connect = async ({ origin, key }: Target, connectMs: number): Promise<Connection> => {
    const connection = new Connection((free, statedMs) => keep(key, free, statedMs));
    const opening = open(origin, connection);
    await new Promise<void>((resolve, reject) => {
      const timer = clock.after(connectMs, () => {
        connection.destroy(null);
        reject(new HttpError("ETIMEDOUT", "The connection could not be made in time."));
      });
      opening.then(
        (socket) => {
          timer.cancel();
          connection.attach(socket);
          // It was given up while it was being made.
          if (connection.closed) socket.destroy();
          resolve();
        },
        (thrown: unknown) => {
          timer.cancel();
          reject(thrown);
        },
      );
    });
    return connection;
  };

  return {
    limitsConnect: true,
    async send(call, connectMs, ending) {
      const target = targetOf(call.url);
      const text = requestText(target, call);
      const kept = take(target.key);
      if (kept !== null) {
        try {
          return await exchange(kept, text, ending);
        } catch (thrown) {
          // The server gave up the idle connection while the request was on its way, and read nothing of it.
          const unread = kept.reused && !kept.answered && isReset(thrown);
          if (!unread) throw thrown;
        }
      }
      return exchange(await unlessAborted(connect(target, connectMs), ending), text, ending);
    },
    close() {
      closed = true;
      sweeping?.cancel();
      for (const pool of pools.values()) for (const { connection } of pool) connection.destroy(null);
      pools.clear();
    },
  };
}

function exchange(connection: Connection, text: string, ending: Ending): Promise<UpstreamAnswer> {
  return connection.exchange(text, (number) =>
    ending.onAbort(() => connection.abandon(number, new HttpError("ECANCELED", "The call was given up."))),
  );
}

/** A connection that comes too late is dropped. */
function unlessAborted(connecting: Promise<Connection>, ending: Ending): Promise<Connection> {
  return new Promise((resolve, reject) => {
    const canceled = new HttpError("ECANCELED", "The call was given up.");
    let over = false;
    ending.onAbort(() => {
      over = true;
      reject(canceled);
    });
    connecting.then((connection) => {
      if (over) connection.destroy(canceled);
      else resolve(connection);
    }, reject);
  });
}

function isReset(thrown: unknown): boolean {
  return (
    thrown instanceof Error && "code" in thrown && (thrown.code === "ECONNRESET" || thrown.code === "EPIPE")
  );
}
