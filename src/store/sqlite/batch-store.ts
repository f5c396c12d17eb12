/** Batches in SQLite: their queries and the rows behind them. Every step is one statement or one transaction. */
import { type BatchResult, type BatchStatus, CONCLUDED_FROM } from "../../core/batches.ts";
import { type BatchEnd, type BatchStart, type BatchStore, MAX_BATCH_PAGE } from "../batch-store.ts";
import { boundedLimit } from "../paging.ts";
import { batchOf } from "./batch-row.ts";
import { IS_LIVE, IS_SEEN, onlyItself, type Writing } from "./file-store.ts";
import { IS_OWN } from "./own-work.ts";
import type { Row, Statement } from "./protocol.ts";
import type { BatchRow, Reads } from "./tables.ts";

const BATCHES_PER_SWEEP = 500;

const INPUT = `FROM files WHERE id = ? AND tenant = ? AND purpose = 'batch' AND ${IS_SEEN}`;
const CREATE = `INSERT INTO batches (id, tenant, stated, input_file_id, status, expires_at, environment)
  SELECT ?, ?, ?, id, 'validating', ?, ? ${INPUT}
  AND (SELECT count(*) FROM batches WHERE ${IS_LIVE} AND tenant = files.tenant) < ?`;
const AFTER_CREATE = `SELECT changes() AS created, EXISTS (SELECT 1 ${INPUT}) AS has_file`;
const CANCEL = `UPDATE batches SET status = 'cancelling', cancelling_at = ?
  WHERE id = ? AND tenant = ? AND status IN ('validating', 'in_progress') RETURNING *`;
/** One whose time is over is ended by anybody: its own gateways may be gone for good. */
const CLAIM = `UPDATE batches SET owner = ?, lease_until = ? WHERE id = (
    SELECT id FROM batches WHERE ${IS_LIVE} AND (owner IS NULL OR lease_until <= ?)
      AND (${IS_OWN} OR expires_at <= ?)
      AND (status IN ('cancelling', 'finalizing') OR expires_at <= ?
        OR tenant NOT IN (SELECT value FROM json_each(?)))
    ORDER BY id LIMIT 1)
  RETURNING *`;
const RENEW = `UPDATE batches SET lease_until = ? WHERE ${IS_LIVE} AND owner = ? RETURNING id, status`;
const RELEASE = "UPDATE batches SET owner = NULL WHERE id = ? AND owner = ?";
const START = `UPDATE batches SET status = 'in_progress', in_progress_at = ?, total = ?, model = ?,
    output_file_id = ?, error_file_id = ?
  WHERE id = ? AND owner = ? AND status = 'validating'`;
const STARTED = "SELECT * FROM batches WHERE id = ? AND output_file_id = ? AND error_file_id = ?";
const RECORD = `INSERT OR IGNORE INTO batch_results (batch_id, line)
  SELECT id, ? FROM batches WHERE id = ? AND status IN ('in_progress', 'cancelling')`;
const FINALIZE = `UPDATE batches SET status = 'finalizing', finalizing_at = ?, expired_at = ?
  WHERE id = ? AND owner = ? AND status = 'in_progress' RETURNING *`;
const SWEEP = `DELETE FROM batches WHERE id IN (
    SELECT id FROM batches WHERE expires_at < ? AND NOT ${IS_LIVE} LIMIT ${BATCHES_PER_SWEEP})
  RETURNING id`;

/** `environment`: whose batches it makes and claims. */
export function sqliteBatches(write: Writing, reads: Reads, environment: string): BatchStore {
  return {
    async create(order, maxLive) {
      const { id, caller, inputFileId, createdAt, expiresAt } = order;
      const input = [inputFileId, caller.tenant, createdAt];
      const stated = [id, caller.tenant, JSON.stringify(order), expiresAt, environment];
      const [row] = await write.all([
        { sql: CREATE, parameters: [...stated, ...input, maxLive] },
        { sql: AFTER_CREATE, parameters: input },
      ]);
      if (row?.created === 1) return "created";
      return row?.has_file === 1 ? "too_many" : "no_file";
    },
    async get(tenant, id) {
      const row = await (await reads())
        .selectFrom("batches")
        .selectAll()
        .where("id", "=", id)
        .where("tenant", "=", tenant)
        .executeTakeFirst();
      return row ? batchOf(row) : null;
    },
    list: (tenant, limit, after) => listBatches(reads, tenant, limit, after),
    cancel: async (tenant, id, at) => onlyBatch(await write.one(CANCEL, at, id, tenant)),
    async claim({ owner, now, leaseUntil }, busyTenants) {
      const busy = JSON.stringify(busyTenants);
      return onlyBatch(await write.one(CLAIM, owner, leaseUntil, now, environment, now, now, busy));
    },
    async renew({ owner, leaseUntil }) {
      const rows = await write.one(RENEW, leaseUntil, owner);
      return rows.map(({ id, status }) => ({ id: String(id), status: status as BatchStatus }));
    },
    async release(id, owner) {
      await write.one(RELEASE, id, owner);
    },
    start: async (id, owner, start) => onlyBatch(await write.all(starting(id, owner, start))),
    async record(id, results) {
      if (results.length > 0) await write.all(results.flatMap((result) => recording(id, result)));
    },
    async recorded(id, from, to) {
      const rows = await (await reads())
        .selectFrom("batch_results")
        .select("line")
        .where("batch_id", "=", id)
        .where("line", ">=", from)
        .where("line", "<=", to)
        .orderBy("line")
        .execute();
      return rows.map((row) => row.line);
    },
    async finalize(id, owner, at, expired) {
      return onlyBatch(await write.one(FINALIZE, at, expired ? at : null, id, owner));
    },
    conclude: async (id, owner, end) => onlyBatch(await write.all(concluding(id, owner, end))),
    sweep: async (expiredBefore) => (await write.one(SWEEP, expiredBefore)).length,
  };
}

async function listBatches(reads: Reads, tenant: string, limit: number, after?: string) {
  const count = boundedLimit(limit, MAX_BATCH_PAGE);
  let select = (await reads())
    .selectFrom("batches")
    .selectAll()
    .where("tenant", "=", tenant)
    .orderBy("id", "desc")
    .limit(count + 1);
  if (after !== undefined) select = select.where("id", "<", after);
  const rows = await select.execute();
  return { batches: rows.slice(0, count).map(batchOf), more: rows.length > count };
}

function starting(id: string, owner: string, start: BatchStart): readonly Statement[] {
  const { at, total, model, outputFileId, errorFileId } = start;
  return [
    { sql: START, parameters: [at, total, model, outputFileId, errorFileId, id, owner] },
    openFile("output", outputFileId, id, at),
    openFile("error", errorFileId, id, at),
    { sql: STARTED, parameters: [id, outputFileId, errorFileId] },
  ];
}

/** Only where the batch was just given this file; its id is new, so nobody else's can be meant. */
function openFile(which: "output" | "error", fileId: string, batchId: string, at: number): Statement {
  return {
    sql: `INSERT OR IGNORE INTO files (id, tenant, purpose, filename, bytes, created_at, state)
      SELECT ${which}_file_id, tenant, 'batch_output', id || '_${which}.jsonl', 0, ?, 'open'
      FROM batches WHERE id = ? AND ${which}_file_id = ?`,
    parameters: [at, batchId, fileId],
  };
}

/** Each statement but the first looks at changes(): a line that has its result already stops the chain. */
function recording(id: string, { line, answered, record, usage }: BatchResult): readonly Statement[] {
  const which = answered ? "output" : "error";
  const size = record.byteLength;
  const { inputTokens, cachedTokens, outputTokens, reasoningTokens } = usage;
  return [
    { sql: RECORD, parameters: [line, id] },
    {
      sql: `INSERT INTO file_parts (file_id, part, size, bytes)
        SELECT ${which}_file_id, ?, ?, ? FROM batches WHERE id = ? AND changes() = 1`,
      parameters: [line, size, onlyItself(record), id],
    },
    {
      sql: `UPDATE files SET bytes = bytes + ?
        WHERE id = (SELECT ${which}_file_id FROM batches WHERE id = ?) AND changes() = 1`,
      parameters: [size, id],
    },
    {
      sql: `UPDATE batches SET ${answered ? "completed = completed + 1" : "failed = failed + 1"},
          input_tokens = input_tokens + ?, cached_tokens = cached_tokens + ?,
          output_tokens = output_tokens + ?, reasoning_tokens = reasoning_tokens + ?
        WHERE id = ? AND changes() = 1`,
      parameters: [inputTokens, cachedTokens, outputTokens, reasoningTokens, id],
    },
  ];
}

/** The batch itself comes last: everything before asks whether it may still be concluded. */
function concluding(id: string, owner: string, { status, at, issues = [] }: BatchEnd): readonly Statement[] {
  const from = CONCLUDED_FROM[status].map((allowed) => `'${allowed}'`).join(", ");
  const may = `id = ? AND owner = ? AND status IN (${from})`;
  const asked = [id, owner];
  const files = `state = 'open' AND id IN (
    SELECT output_file_id FROM batches WHERE ${may} UNION ALL SELECT error_file_id FROM batches WHERE ${may})`;
  return [
    {
      sql: `UPDATE files SET state = 'complete', created_at = ?, expires_at = (
          SELECT ? + json_extract(stated, '$.outputExpiresAfterMs') FROM batches WHERE id = ?)
        WHERE bytes > 0 AND ${files}`,
      parameters: [at, at, id, ...asked, ...asked],
    },
    { sql: `UPDATE files SET state = 'gone' WHERE ${files}`, parameters: [...asked, ...asked] },
    {
      sql: `DELETE FROM batch_results WHERE batch_id = (SELECT id FROM batches WHERE ${may})`,
      parameters: asked,
    },
    {
      sql: `UPDATE batches SET status = ?, ${status}_at = ?, issues = ?, owner = NULL,
          output_file_id = (SELECT id FROM files WHERE id = output_file_id AND state = 'complete'),
          error_file_id = (SELECT id FROM files WHERE id = error_file_id AND state = 'complete')
        WHERE ${may} RETURNING *`,
      parameters: [status, at, JSON.stringify(issues), ...asked],
    },
  ];
}

function onlyBatch([row]: readonly Row[]) {
  return row ? batchOf(row as unknown as BatchRow) : null;
}
