/**
 * Our own HTTP/1.1 client: connections that are kept, and calls over them. Owns the pool and when a call may be sent
 * a second time; the reading of HTTP is beside it. docs/adr/0011 says why it is here.
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
/**
 * A server that had given up the idle connection says so within a round trip. One that closes later has read the
 * call, and may have worked on it: whether that is to be paid for twice is the ladder's to say.
 */
const UNREAD_WITHIN_MS = 1000;

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
        connection.drop();
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
      connection.drop();
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
      idle.connection.drop();
    }
    return null;
  };
  const connect = ({ origin, key }: Target, connectMs: number, ending: Ending): Promise<Connection> =>
    new Promise((resolve, reject) => {
      const connection = new Connection((free, statedMs) => keep(key, free, statedMs));
      const opening = open(origin, connection);
      const giveUp = (why: HttpError): void => {
        timer.cancel();
        opening.giveUp();
        reject(why);
      };
      const timer = clock.after(connectMs, () =>
        giveUp(new HttpError("ETIMEDOUT", "The connection could not be made in time.")),
      );
      ending.onAbort(() => giveUp(givenUp()));
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
    });

  return {
    limitsConnect: true,
    async send(call, connectMs, ending) {
      let over = false;
      ending.onAbort(() => {
        over = true;
      });
      if (over) throw givenUp();
      const target = targetOf(call.url);
      const text = requestText(target, call);
      const kept = take(target.key);
      if (kept !== null) {
        const sentAt = clock.now();
        try {
          return await exchange(kept, text, ending);
        } catch (thrown) {
          // The server gave up the idle connection while the request was on its way, and read nothing of it.
          const unread = !kept.answered && isReset(thrown) && clock.now() - sentAt <= UNREAD_WITHIN_MS;
          if (!unread) throw thrown;
        }
      }
      return await exchange(await connect(target, connectMs, ending), text, ending);
    },
    close() {
      closed = true;
      sweeping?.cancel();
      for (const pool of pools.values()) for (const { connection } of pool) connection.drop();
      pools.clear();
    },
  };
}

async function exchange(connection: Connection, text: string, ending: Ending): Promise<UpstreamAnswer> {
  const answer = await connection.exchange(text, (number) =>
    ending.onAbort(() => connection.abandon(number, givenUp())),
  );
  if (answer.status < 300 || answer.status >= 400) return answer;
  answer.cancel();
  throw new HttpError("EREDIRECT", "The server sent the call elsewhere.");
}

function givenUp(): HttpError {
  return new HttpError("ECANCELED", "The call was given up.");
}

function isReset(thrown: unknown): boolean {
  return (
    thrown instanceof Error && "code" in thrown && (thrown.code === "ECONNRESET" || thrown.code === "EPIPE")
  );
}
