/**
 * The queue in SQLite: its statements and the rows behind them. Every step is one statement or one transaction,
 * so that several processes over one file never hold one message at once.
 *
 * A message has one time, `visible_at`: it waits until then, or is in somebody's hand until then. Whose turn it is
 * can thus be read off one index, and nobody has to sweep what a dead process held.
 */
import type { Clock } from "../../core/clock.ts";
import {
  MAX_DEAD_PAGE,
  MAX_EMBEDDED_BODY_BYTES,
  MAX_RECEIVED,
  takenOnce,
} from "../job-queue/queued-messages.ts";
import type { DeadLetter, Delivery, JobQueue, QueuedMessage } from "../job-queue.ts";
import { boundedLimit } from "../paging.ts";
import { StoreError } from "../store-error.ts";
import type { Execute } from "./dialect.ts";
import type { Writing } from "./file-store.ts";
import { IS_OWN } from "./own-work.ts";
import type { Row, Statement } from "./protocol.ts";

/** Bodies handed over at once: after the one that passes this, the rest is left for the next question. */
const BYTES_AT_ONCE = 32 * 1024 * 1024;

const SEND = `INSERT INTO queue_messages (id, group_name, sent_at, visible_at, waited_from, size, body,
    environment)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`;
/** Parameters: in hand until, now, whose, at most so many. The receipt begins with the row that it belongs to. */
const RECEIVE = `UPDATE queue_messages SET attempts = attempts + 1, waited_from = visible_at, visible_at = ?,
    receipt = seq || ':' || lower(hex(randomblob(12)))
  WHERE seq IN (
    SELECT seq FROM (
      SELECT seq, sum(size) OVER (ORDER BY visible_at, seq) - size AS before FROM (
        SELECT seq, visible_at, size FROM queue_messages WHERE visible_at <= ? AND ${IS_OWN}
        ORDER BY visible_at, seq LIMIT ?))
    WHERE before < ${BYTES_AT_ONCE})
  RETURNING seq, id, group_name, sent_at, waited_from, attempts, receipt, body`;
/** Whoever receives it next changes the receipt: until then it is this holder's, whatever time it has become. */
const EXTEND = "UPDATE queue_messages SET visible_at = ? WHERE seq = ? AND receipt = ? RETURNING seq";
/** Parameters: the row, the receipt, now. */
const HELD = "seq = ? AND receipt = ? AND visible_at > ?";
const RELEASE = `UPDATE queue_messages SET visible_at = ?, receipt = NULL WHERE ${HELD} RETURNING seq`;
const REMOVE = `DELETE FROM queue_messages WHERE ${HELD} RETURNING seq`;
const BURY_OLDER = `DELETE FROM queue_dead WHERE id = (SELECT id FROM queue_messages WHERE ${HELD})`;
/**
 * Places begin with the time: SQLite alone gives the place of the last letter again when that is gone, and a cursor that
 * has passed it would pass over the next to die. Parameters: now, when it died, why, the message.
 */
const BURY = `INSERT INTO queue_dead (seq, id, group_name, attempts, died_at, reason, size, body, environment)
  SELECT max(?, 1 + ifnull((SELECT max(seq) FROM queue_dead), 0)), id, group_name, attempts, ?, ?, size, body,
    environment FROM queue_messages WHERE ${HELD}`;
/** Parameters: the id of a letter, a place, at most so many. */
const DEAD = `SELECT seq, id, group_name, attempts, died_at, reason, body FROM queue_dead
  WHERE seq IN (
    SELECT seq FROM (
      SELECT seq, sum(size) OVER (ORDER BY seq) - size AS before FROM (
        SELECT seq, size FROM queue_dead
        WHERE seq > coalesce((SELECT seq FROM queue_dead WHERE id = ?), ?)
        ORDER BY seq LIMIT ?))
    WHERE before < ${BYTES_AT_ONCE})
  ORDER BY seq`;
const IS_DEAD_AFTER = "SELECT EXISTS (SELECT 1 FROM queue_dead WHERE seq > ?) AS more";
const AMONG = "id IN (SELECT value FROM json_each(?))";
const REVIVE = `INSERT INTO queue_messages (id, group_name, sent_at, visible_at, waited_from, size, body,
    environment)
  SELECT id, group_name, ?, ?, ?, size, body, environment FROM queue_dead WHERE ${AMONG} ORDER BY seq
  ON CONFLICT (id) DO NOTHING`;
const UNBURY = `DELETE FROM queue_dead WHERE ${AMONG} RETURNING id`;
/** Parameters: the id, now. */
const WITHDRAW =
  "DELETE FROM queue_messages WHERE id = ? AND (receipt IS NULL OR visible_at <= ?) RETURNING id";
/** Parameter: now, three times. */
const DEPTH = `SELECT
  (SELECT count(*) FROM queue_messages WHERE visible_at <= ?) AS ready,
  (SELECT count(*) FROM queue_messages WHERE visible_at > ?) AS hidden,
  (SELECT count(*) FROM queue_messages WHERE receipt IS NOT NULL AND visible_at > ?) AS in_hand,
  (SELECT count(*) FROM queue_dead) AS dead`;

/** `environment`: whose messages it sends and receives; dead letters can be seen, and put back, by everybody. */
export function sqliteJobQueue(
  writing: Writing,
  reading: Execute,
  clock: Pick<Clock, "now">,
  environment: string,
): JobQueue {
  let closed = false;
  const open = <T>(port: T): T => {
    if (closed) throw new StoreError("closed", "The queue is closed.");
    return port;
  };
  const named = (receipt: string) => [Number.parseInt(receipt, 10) || 0, receipt] as const;
  const held = (receipt: string) => [...named(receipt), clock.now()] as const;
  /** Whether the one statement found the message in this hand. */
  const change = async (sql: string, receipt: string, ...set: number[]): Promise<boolean> => {
    return (await open(writing).one(sql, ...set, ...held(receipt))).length > 0;
  };
  return {
    maxBodyBytes: MAX_EMBEDDED_BODY_BYTES,
    async send(messages) {
      const taken = takenOnce(messages, MAX_EMBEDDED_BODY_BYTES);
      const now = clock.now();
      if (taken.length > 0)
        await open(writing).all(taken.map((message) => sending(message, now, environment)));
    },
    async receive(max, visibilityMs) {
      const now = clock.now();
      const limit = boundedLimit(max, MAX_RECEIVED);
      const rows = await open(writing).one(RECEIVE, now + visibilityMs, now, environment, limit);
      return (rows as unknown as MessageRow[]).toSorted(byTurn).map(deliveryOf);
    },
    async extend(receipt, visibilityMs) {
      const until = clock.now() + visibilityMs;
      return (await open(writing).one(EXTEND, until, ...named(receipt))).length > 0;
    },
    acknowledge: (receipt) => change(REMOVE, receipt),
    release: (receipt, delayMs) => change(RELEASE, receipt, clock.now() + Math.max(0, delayMs)),
    async bury({ receipt }, reason) {
      const by = held(receipt);
      const now = clock.now();
      const buried = await open(writing).all([
        { sql: BURY_OLDER, parameters: by },
        { sql: BURY, parameters: [now, now, reason, ...by] },
        { sql: REMOVE, parameters: by },
      ]);
      return buried.length > 0;
    },
    async dead(limit, after) {
      const passed = Number(after ?? 0) || 0;
      const limited = boundedLimit(limit, MAX_DEAD_PAGE);
      const rows = (await open(reading)(DEAD, [after ?? null, passed, limited])) as unknown as DeadRow[];
      const letters = rows.map(letterOf);
      const last = rows.at(-1);
      if (last === undefined) return { letters, cursor: null };
      const [rest] = await reading(IS_DEAD_AFTER, [last.seq]);
      return { letters, cursor: rest?.more === 1 ? String(last.seq) : null };
    },
    async replay(ids) {
      const now = clock.now();
      const wanted = JSON.stringify(ids);
      const rows = await open(writing).all([
        { sql: REVIVE, parameters: [now, now, now, wanted] },
        { sql: UNBURY, parameters: [wanted] },
      ]);
      return foundAmong(ids, rows);
    },
    async discard(ids) {
      return foundAmong(ids, await open(writing).one(UNBURY, JSON.stringify(ids)));
    },
    async withdraw(id) {
      return (await open(writing).one(WITHDRAW, id, clock.now())).length > 0;
    },
    async depth() {
      const now = clock.now();
      const [row] = await open(reading)(DEPTH, [now, now, now]);
      const { ready, hidden, in_hand, dead } = row as unknown as DepthRow;
      return { ready, delayed: hidden - in_hand, inHand: in_hand, dead };
    },
    // The thread is the store's, which closes it.
    async close() {
      closed = true;
    },
  };
}

interface MessageRow {
  readonly seq: number;
  readonly id: string;
  readonly group_name: string;
  readonly sent_at: number;
  readonly waited_from: number;
  readonly attempts: number;
  readonly receipt: string;
  readonly body: string;
}

interface DeadRow {
  readonly seq: number;
  readonly id: string;
  readonly group_name: string;
  readonly attempts: number;
  readonly died_at: number;
  readonly reason: string | null;
  readonly body: string;
}

interface DepthRow {
  readonly ready: number;
  readonly hidden: number;
  readonly in_hand: number;
  readonly dead: number;
}

function sending(message: QueuedMessage, now: number, environment: string): Statement {
  const { id, group, body, delayMs = 0 } = message;
  const visibleAt = now + Math.max(0, delayMs);
  const size = Buffer.byteLength(body);
  return { sql: SEND, parameters: [id, group, now, visibleAt, visibleAt, size, body, environment] };
}

/** In the order asked for, once each. */
function foundAmong(ids: readonly string[], rows: readonly Row[]): readonly string[] {
  const found = new Set(rows.map(({ id }) => id));
  return [...new Set(ids)].filter((id) => found.has(id));
}

/** RETURNING promises no order. */
function byTurn(a: MessageRow, b: MessageRow): number {
  return a.waited_from - b.waited_from || a.seq - b.seq;
}

function deliveryOf(row: MessageRow): Delivery {
  const { id, group_name: group, body, receipt, attempts, sent_at: sentAt } = row;
  return { id, group, body, receipt, attempts, sentAt };
}

function letterOf(row: DeadRow): DeadLetter {
  const { id, group_name: group, body, attempts, died_at: diedAt, reason } = row;
  return { id, group, body, attempts, diedAt, reason };
}
