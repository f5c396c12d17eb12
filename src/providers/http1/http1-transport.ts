/**
 * Our own HTTP/1.1 client: calls over connections that are kept. Owns a call's way and when it may be sent a second
 * time; the connections and the reading of HTTP are beside it. docs/adr/0011 says why it is here.
 */
import type { Clock } from "../../core/clock.ts";
import type { Abortable, Ending, Transport, UpstreamAnswer } from "../transport.ts";
import type { UnsignedCall } from "../unsigned-call.ts";
import type { Connection, Exchange } from "./connection.ts";
import { HttpError } from "./http-error.ts";
import { ConnectionPool, type Opening } from "./pool.ts";
import { requestText, type Target, targetOf } from "./request-text.ts";
import type { OpenSocket } from "./socket.ts";

/**
 * A server that had given up the idle connection says so within a round trip. One that closes later has read the
 * call, and may have worked on it: whether that is to be paid for twice is the ladder's to say.
 */
const UNREAD_WITHIN_MS = 1000;

export interface Http1Ports {
  readonly clock: Clock;
  readonly open: OpenSocket;
}

export function createHttp1Transport({ clock, open }: Http1Ports): Transport {
  const pool = new ConnectionPool(clock, open);
  return {
    limitsConnect: true,
    send: (call, connectMs, ending) =>
      new Promise((resolve, reject) => {
        new Sending(pool, clock, connectMs, resolve, reject).begin(call, ending);
      }),
    close: () => pool.close(),
  };
}

/** One call on its way, until its answer begins; and what is given up with it, until that is over. */
class Sending implements Exchange, Abortable {
  readonly #pool: ConnectionPool;
  readonly #clock: Clock;
  readonly #connectMs: number;
  readonly #resolve: (answer: UpstreamAnswer) => void;
  readonly #reject: (reason: unknown) => void;
  #target: Target | null = null;
  #text = "";
  #connection: Connection | null = null;
  #opening: Opening | null = null;
  /** When it was sent over a connection that had waited; null: over a new one. */
  #keptSince: number | null = null;
  #over = false;

  constructor(
    pool: ConnectionPool,
    clock: Clock,
    connectMs: number,
    resolve: (answer: UpstreamAnswer) => void,
    reject: (reason: unknown) => void,
  ) {
    this.#pool = pool;
    this.#clock = clock;
    this.#connectMs = connectMs;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  begin(call: UnsignedCall, ending: Ending): void {
    ending.follow(this);
    if (this.#over) return;
    const target = targetOf(call.url);
    this.#text = requestText(target, call);
    this.#target = target;
    const kept = this.#pool.take(target.key);
    if (kept === null) {
      this.#connect(target);
      return;
    }
    this.#keptSince = this.#clock.now();
    this.#carry(kept);
  }

  answered(answer: UpstreamAnswer): void {
    if (answer.status < 300 || answer.status >= 400) {
      this.#resolve(answer);
      return;
    }
    void answer.cancel();
    this.#reject(new HttpError("EREDIRECT", "The server sent the call elsewhere."));
  }

  failed(error: unknown): void {
    const since = this.#keptSince;
    // The server gave up the idle connection while the request was on its way, and read nothing of it.
    const unread =
      since !== null &&
      this.#connection?.answered === false &&
      isReset(error) &&
      this.#clock.now() - since <= UNREAD_WITHIN_MS;
    if (unread && this.#target !== null && !this.#over) this.#connect(this.#target);
    else this.#reject(error);
  }

  abort(): void {
    if (this.#over) return;
    this.#over = true;
    const why = new HttpError("ECANCELED", "The call was given up.");
    this.#opening?.giveUp(why);
    this.#connection?.abandon(this, why);
    this.#reject(why);
  }

  #connect(target: Target): void {
    this.#keptSince = null;
    this.#connection = null;
    this.#opening = this.#pool.connect(target, this.#connectMs);
    this.#opening.connection.then(
      (connection) => {
        this.#opening = null;
        if (this.#over) connection.drop();
        else this.#carry(connection);
      },
      (thrown: unknown) => this.#reject(thrown),
    );
  }

  #carry(connection: Connection): void {
    this.#connection = connection;
    connection.carry(this.#text, this);
  }
}

function isReset(thrown: unknown): boolean {
  return (
    thrown instanceof Error && "code" in thrown && (thrown.code === "ECONNRESET" || thrown.code === "EPIPE")
  );
}
