/**
 * Files in SQLite. Owns their queries; knows no thread beyond asking it.
 *
 * The bytes are rows, a part a row, and not files beside the database: a part and what it means for its batch
 * (the line is done, the counts) commit in one transaction, so no crash can leave one without the other, no
 * orphan is left on the disk, and whoever copies the database has everything. What that costs is the log's
 * second copy of each byte, written by a thread that no request waits for, one part at a time. Parts are at
 * most 256 KiB or one answer, so nothing is in memory whole, and what is removed is freed in small steps, so
 * that decisions waiting to be written are not held up.
 */
import type { Kysely } from "kysely";
import { LIVE_STATUSES } from "../../core/batches.ts";
import {
  type FilePage,
  type FileQuery,
  type FileStore,
  MAX_FILE_PAGE,
  READ_BYTES,
  type StoredFile,
  UNFINISHED_FOR_MS,
} from "../file-store.ts";
import { boundedLimit } from "../paging.ts";
import type { Row, SqlValue, Statement } from "./protocol.ts";
import type { FileRow, Reads, Tables } from "./tables.ts";

/** Asks the thread that writes. */
export interface Writing {
  one(sql: string, ...parameters: SqlValue[]): Promise<readonly Row[]>;
  /** All or none; answers with the rows of the last. */
  all(statements: readonly Statement[]): Promise<readonly Row[]>;
}

/** Parts freed in one step: at most 16 MB of an upload. */
const PARTS_PER_STEP = 64;
const FILES_PER_SWEEP = 100;
/** Sizes looked at to decide how many parts are read together. */
const SIZES_PER_READ = 256;

/** The text of the condition is that of the index over it. */
export const IS_LIVE = `status IN (${LIVE_STATUSES.map((status) => `'${status}'`).join(", ")})`;
export const IS_SEEN = "state = 'complete' AND (expires_at IS NULL OR expires_at > ?)";

const BEGIN = `INSERT OR IGNORE INTO files (id, tenant, purpose, filename, bytes, created_at, state)
  VALUES (?, ?, '', '', 0, ?, 'open')`;
const APPEND = `INSERT OR IGNORE INTO file_parts (file_id, part, size, bytes)
  SELECT id, ?, ?, ? FROM files WHERE id = ? AND state = 'open'`;
/** changes() is 1 where the statement before wrote a row: a part that was there already counts once. */
const GROW = "UPDATE files SET bytes = bytes + ? WHERE id = ? AND changes() = 1";
const FINISH = `UPDATE files SET purpose = ?, filename = ?, expires_at = ?, state = 'complete'
  WHERE id = ? AND state = 'open' RETURNING *`;
const DISCARD = "UPDATE files SET state = 'gone' WHERE id = ? AND state = 'open'";
const REMOVE = `UPDATE files SET state = 'gone' WHERE id = ? AND tenant = ? AND ${IS_SEEN}
  AND NOT EXISTS (SELECT 1 FROM batches WHERE ${IS_LIVE} AND input_file_id = files.id)`;
const AFTER_REMOVE = `SELECT changes() AS removed,
  EXISTS (SELECT 1 FROM files WHERE id = ? AND tenant = ? AND ${IS_SEEN}) AS there`;
/** A batch's own files are open until it is over; an open one that no live batch names was left behind. */
const DEAD = `SELECT id FROM files WHERE (state <> 'complete' OR expires_at IS NOT NULL)
  AND (state = 'gone' OR (state = 'complete' AND expires_at <= ?)
    OR (state = 'open' AND (purpose = 'batch_output' OR created_at <= ?)))
  AND NOT EXISTS (SELECT 1 FROM batches WHERE ${IS_LIVE}
    AND files.id IN (input_file_id, output_file_id, error_file_id))
  ORDER BY id LIMIT ${FILES_PER_SWEEP}`;
const MARK_GONE = "UPDATE files SET state = 'gone' WHERE id = ?";
const FREE = `DELETE FROM file_parts WHERE rowid IN
  (SELECT rowid FROM file_parts WHERE file_id = ? LIMIT ${PARTS_PER_STEP}) RETURNING part`;
const FORGET = "DELETE FROM files WHERE id = ? AND state = 'gone'";

export function sqliteFiles(write: Writing, reads: Reads): FileStore {
  return {
    async begin({ id, tenant, createdAt }) {
      await write.one(BEGIN, id, tenant, createdAt);
    },
    async append(id, { part, bytes }) {
      await write.all([
        { sql: APPEND, parameters: [part, bytes.byteLength, onlyItself(bytes), id] },
        { sql: GROW, parameters: [bytes.byteLength, id] },
      ]);
    },
    async finish(id, { purpose, filename, expiresAt }) {
      const [row] = await write.one(FINISH, purpose, filename, expiresAt, id);
      return row ? storedFile(row as unknown as FileRow) : null;
    },
    async discard(id) {
      await write.one(DISCARD, id);
    },
    async get(tenant, id, now) {
      const row = await seenFiles(await reads(), tenant, now)
        .where("id", "=", id)
        .executeTakeFirst();
      return row ? storedFile(row) : null;
    },
    list: (query) => listFiles(reads, query),
    read: (id, after) => readParts(reads, id, after),
    async remove(tenant, id, now) {
      const parameters = [id, tenant, now];
      const [row] = await write.all([
        { sql: REMOVE, parameters },
        { sql: AFTER_REMOVE, parameters },
      ]);
      if (row?.removed === 1) return "removed";
      return row?.there === 1 ? "in_use" : "unknown";
    },
    async usedBytes(tenant) {
      const row = await (await reads())
        .selectFrom("files")
        .select((the) => the.fn.sum<number | null>("bytes").as("bytes"))
        .where("tenant", "=", tenant)
        .executeTakeFirst();
      return row?.bytes ?? 0;
    },
    sweep: (now) => sweepFiles(write, now),
  };
}

/** A copy where the view shows a piece of something larger: a thread is handed all that is behind a view. */
export function onlyItself(bytes: Uint8Array): Uint8Array {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : bytes.slice();
}

function seenFiles(reads: Kysely<Tables>, tenant: string, now: number) {
  return reads
    .selectFrom("files")
    .selectAll()
    .where("tenant", "=", tenant)
    .where("state", "=", "complete")
    .where((the) => the.or([the("expires_at", "is", null), the("expires_at", ">", now)]));
}

async function listFiles(reads: Reads, query: FileQuery): Promise<FilePage> {
  const { tenant, now, order, after, purpose } = query;
  const limit = boundedLimit(query.limit, MAX_FILE_PAGE);
  let select = seenFiles(await reads(), tenant, now)
    .orderBy("id", order)
    .limit(limit + 1);
  if (after !== undefined) select = select.where("id", order === "asc" ? ">" : "<", after);
  if (purpose !== undefined) select = select.where("purpose", "=", purpose);
  const rows = await select.execute();
  return { files: rows.slice(0, limit).map(storedFile), more: rows.length > limit };
}

/** First how many fit together, by their sizes alone, then those. */
async function readParts(reads: Reads, id: string, after: number) {
  const parts = (await reads())
    .selectFrom("file_parts")
    .where("file_id", "=", id)
    .where("part", ">", after)
    .orderBy("part");
  const sizes = await parts.select(["part", "size"]).limit(SIZES_PER_READ).execute();
  let last = after;
  let bytes = 0;
  for (const { part, size } of sizes) {
    if (bytes >= READ_BYTES) break;
    last = part;
    bytes += size;
  }
  if (last === after) return [];
  return parts.select(["part", "bytes"]).where("part", "<=", last).execute();
}

async function sweepFiles(write: Writing, now: number): Promise<number> {
  const dead = await write.one(DEAD, now, now - UNFINISHED_FOR_MS);
  for (const { id } of dead) {
    const name = String(id);
    await write.one(MARK_GONE, name);
    while ((await write.one(FREE, name)).length > 0);
    await write.one(FORGET, name);
  }
  return dead.length;
}

function storedFile(row: FileRow): StoredFile {
  const { id, tenant, purpose, filename, bytes, created_at: createdAt, expires_at: expiresAt } = row;
  return { id, tenant, purpose, filename, bytes, createdAt, expiresAt };
}
