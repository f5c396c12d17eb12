/** Jobs in SQLite: their queries and the rows behind them. Every step is one statement or one transaction. */
import {
  type JobStatus,
  type JobTerms,
  LIVE_JOB_STATUSES,
  type LiveJobStatus,
  NOT_DONE_HERE,
} from "../../core/jobs.ts";
import {
  type JobBounds,
  type JobCreation,
  type JobEnd,
  type JobQuery,
  type JobStore,
  MAX_JOB_PAGE,
  type NewJob,
  type WebhookOutcome,
} from "../job-store.ts";
import { boundedLimit } from "../paging.ts";
import { receiverOf } from "../receiver-of.ts";
import type { Writing } from "./file-store.ts";
import { jobOf, unsentOf } from "./job-row.ts";
import { IS_OWN } from "./own-work.ts";
import type { Row, SqlValue, Statement } from "./protocol.ts";
import type { JobRow, Reads } from "./tables.ts";

const SWEPT_AT_ONCE = 500;

/** The text of the condition is that of the index over it. */
const IS_LIVE = `status IN (${LIVE_JOB_STATUSES.map((status) => `'${status}'`).join(", ")})`;

const CREATE = `INSERT INTO jobs (id, tenant, use_case, terms, created_at, expires_at, status, delay_ms, bytes,
    idempotency_key, fingerprint, webhook_origin, environment)
  SELECT ?, ?, ?, ?, ?, ?, 'queued', ?, ?, ?, ?, ?, ?
  WHERE NOT EXISTS (SELECT 1 FROM jobs WHERE tenant = ? AND idempotency_key = ?)
    AND (SELECT count(*) < ? AND coalesce(sum(bytes), 0) + ? <= ? FROM jobs
      WHERE ${IS_LIVE} AND tenant = ? AND (created_at >= ? OR attempts > 0 OR sent = 0))`;
/** Only where the statement before wrote a row. */
const KEEP_REQUEST = "INSERT INTO job_texts (job_id, request) SELECT ?, ? WHERE changes() = 1";
const CREATED = `SELECT jobs.*, job_texts.request FROM jobs LEFT JOIN job_texts ON job_id = id
  WHERE id = ? OR (tenant = ? AND idempotency_key = ?)`;
const MARK_SENT = "UPDATE jobs SET sent = 1 WHERE id = ? AND sent = 0";
const DROP_REQUEST = "UPDATE job_texts SET request = NULL WHERE job_id = ?";
const UNSENT = `SELECT terms, delay_ms, request FROM jobs JOIN job_texts ON job_id = id
  WHERE sent = 0 AND created_at < ? AND ${IS_OWN} AND ${IS_LIVE} AND request IS NOT NULL ORDER BY created_at LIMIT ?`;
const ADOPT = `INSERT OR IGNORE INTO jobs (id, tenant, use_case, terms, created_at, expires_at, status, sent,
    webhook_origin, environment)
  VALUES (?, ?, ?, ?, ?, ?, 'queued', 1, ?, ?)`;
const ADOPTED = "SELECT * FROM jobs WHERE id = ?";
const BEGIN = `UPDATE jobs SET status = 'running', attempts = attempts + 1, next_attempt_at = NULL,
    started_at = coalesce(started_at, ?)
  WHERE id = ? AND ${IS_LIVE} RETURNING *`;
const RETRY = `UPDATE jobs SET status = 'retrying', next_attempt_at = ?, fault = ?
  WHERE id = ? AND attempts = ? AND status = 'running' RETURNING id`;
const GIVE_BACK = `UPDATE jobs SET status = 'queued', attempts = attempts - 1
  WHERE id = ? AND attempts = ? AND status = 'running' RETURNING id`;
const CONCLUDE = `UPDATE jobs SET status = ?, ended_at = ?, next_attempt_at = NULL, fault = ?, answer = ?, dead = ?,
    webhook_message_id = ?, webhook_attempts = 0, webhook_error = NULL,
    webhook_status = iif(? AND json_extract(terms, '$.webhookUrl') IS NOT NULL, 'due', NULL), webhook_at = ?
  WHERE id = ? AND ${IS_LIVE}`;
/** Only where the job ended just now, by this very end. */
const KEEP_RESULT = `INSERT INTO job_texts (job_id, result) SELECT id, ? FROM jobs
  WHERE id = ? AND webhook_message_id = ? AND changes() = 1
  ON CONFLICT (job_id) DO UPDATE SET request = NULL, result = excluded.result`;
const CONCLUDED = "SELECT * FROM jobs WHERE id = ? AND webhook_message_id = ?";
/** Parameters: the id, when it ended. */
const IS_DEAD = "id = ? AND dead = 1 AND ended_at = ?";
const CAN_COME_BACK = `id = ? AND (dead = 1 OR json_extract(fault, '$.code') = '${NOT_DONE_HERE}') AND ended_at = ?`;
/** The terms keep the first deadline, however often the row's own was moved. */
const REVIVE = `UPDATE jobs SET status = 'queued', attempts = 0, dead = 0,
    expires_at = ? + json_extract(terms, '$.expiresAt') - created_at, ended_at = NULL,
    started_at = NULL, fault = NULL, answer = NULL, webhook_status = NULL, webhook_message_id = NULL,
    webhook_attempts = 0, webhook_at = NULL, webhook_error = NULL
  WHERE ${CAN_COME_BACK} RETURNING id`;
const ABANDON = `UPDATE jobs SET dead = 0 WHERE ${IS_DEAD} RETURNING id`;
const TAKE_DUE = `UPDATE jobs SET webhook_at = ? WHERE id IN (
    SELECT id FROM jobs WHERE webhook_status = 'due' AND webhook_origin = ? AND webhook_at <= ? AND ${IS_OWN}
    ORDER BY webhook_at LIMIT ?)
  RETURNING *`;
const IS_OWED = `webhook_status = 'due' AND ${IS_OWN}`;
/** Parameters: whose, three times, and now. From one origin to the next over the index, so that a thousand that wait for one cost no more than the first. */
const DUE_RECEIVERS = `WITH RECURSIVE receivers (origin) AS (
    SELECT min(webhook_origin) FROM jobs WHERE ${IS_OWED}
    UNION ALL
    SELECT (SELECT min(webhook_origin) FROM jobs WHERE ${IS_OWED} AND webhook_origin > origin)
    FROM receivers WHERE origin IS NOT NULL),
  waits AS (
    SELECT origin, (SELECT min(webhook_at) FROM jobs WHERE ${IS_OWED} AND webhook_origin = origin) AS since
    FROM receivers WHERE origin IS NOT NULL)
  SELECT origin FROM waits WHERE since <= ? ORDER BY since`;
const NOTE_WEBHOOK = `UPDATE jobs SET webhook_status = ?, webhook_at = ?, webhook_error = ?,
    webhook_attempts = webhook_attempts + 1
  WHERE id = ? AND webhook_message_id = ? AND webhook_status = 'due'`;
const REDELIVER = `UPDATE jobs SET webhook_status = 'due', webhook_at = ?, webhook_attempts = 0, webhook_error = NULL
  WHERE id = ? AND tenant = ? AND webhook_message_id IS NOT NULL AND webhook_status IS NOT NULL RETURNING *`;
const OVERDUE = `SELECT * FROM jobs
  WHERE ${IS_LIVE} AND expires_at <= ? AND (status <> 'running' OR expires_at <= ?) LIMIT ?`;
/** Parameters: ended before, died before. */
const FORGOTTEN = `SELECT id FROM jobs WHERE ended_at < ? AND (dead = 0 OR ended_at < ?)
  AND webhook_status IS NOT 'due' LIMIT ${SWEPT_AT_ONCE}`;
const COUNTS = `SELECT use_case, status, count(*) AS count, min(created_at) AS oldest FROM jobs
  WHERE ${IS_LIVE} GROUP BY use_case, status`;

/** `environment`: whose jobs it makes, sends and tells of. */
export function sqliteJobs(
  write: Writing,
  reads: Reads,
  read: Writing["one"],
  environment: string,
): JobStore {
  return {
    create: (job, bounds) => create(write, job, bounds, environment),
    async markSent(id) {
      await write.all([
        { sql: MARK_SENT, parameters: [id] },
        { sql: DROP_REQUEST, parameters: [id] },
      ]);
    },
    async unsent(createdBefore, limit) {
      const rows = await read(UNSENT, createdBefore, environment, limit);
      return rows.map((row) => unsentOf(row as unknown as Parameters<typeof unsentOf>[0]));
    },
    async adopt(terms, expiresAt = terms.expiresAt) {
      const { id, tenant, useCase, createdAt } = terms;
      const origin = receiverOf(terms.webhookUrl ?? "");
      const kept = JSON.stringify(onlyTerms(terms));
      const rows = await write.all([
        { sql: ADOPT, parameters: [id, tenant, useCase, kept, createdAt, expiresAt, origin, environment] },
        { sql: ADOPTED, parameters: [id] },
      ]);
      return firstJob(rows);
    },
    async get(tenant, id) {
      let select = (await reads()).selectFrom("jobs").selectAll().where("id", "=", id);
      if (tenant !== null) select = select.where("tenant", "=", tenant);
      const row = await select.executeTakeFirst();
      return row ? jobOf(row) : null;
    },
    async result(id) {
      const select = (await reads()).selectFrom("job_texts").select("result").where("job_id", "=", id);
      return (await select.executeTakeFirst())?.result ?? null;
    },
    list: (query) => list(reads, query),
    async statuses(ids) {
      if (ids.length === 0) return new Map();
      const select = (await reads()).selectFrom("jobs").select(["id", "status"]).where("id", "in", ids);
      const rows = await select.execute();
      return new Map(rows.map(({ id, status }) => [id, status as JobStatus]));
    },
    begin: async (id, at) => jobOrNull(await write.one(BEGIN, at, id)),
    async retry(id, attempt, at, fault) {
      return (await write.one(RETRY, at, JSON.stringify(fault), id, attempt)).length > 0;
    },
    giveBack: async (id, attempt) => (await write.one(GIVE_BACK, id, attempt)).length > 0,
    conclude: async (id, end) => jobOrNull(await write.all(concluding(id, end))),
    revive: async (id, diedAt, now) => (await write.one(REVIVE, now, id, diedAt)).length > 0,
    abandon: async (id, diedAt) => (await write.one(ABANDON, id, diedAt)).length > 0,
    async dueReceivers(now) {
      const rows = await read(DUE_RECEIVERS, environment, environment, environment, now);
      return rows.map(({ origin }) => String(origin));
    },
    async takeDueWebhooks(receiver, now, heldUntil, limit) {
      const rows = await write.one(TAKE_DUE, heldUntil, receiver, now, environment, limit);
      return rows.map((row) => jobOf(row as unknown as JobRow));
    },
    async noteWebhook(id, messageId, outcome) {
      await write.one(NOTE_WEBHOOK, ...noted(outcome), id, messageId);
    },
    redeliver: async (tenant, id, now) => jobOrNull(await write.one(REDELIVER, now, id, tenant)),
    async overdue(before, limit) {
      const rows = await read(OVERDUE, before.waiting, before.running, limit);
      return rows.map((row) => jobOf(row as unknown as JobRow));
    },
    async sweep(endedBefore, diedBefore = endedBefore) {
      const parameters = [endedBefore, diedBefore];
      const [row] = await write.all([
        { sql: `DELETE FROM job_texts WHERE job_id IN (${FORGOTTEN})`, parameters },
        { sql: `DELETE FROM jobs WHERE id IN (${FORGOTTEN})`, parameters },
        { sql: "SELECT changes() AS count", parameters: [] },
      ]);
      return Number(row?.count ?? 0);
    },
    async counts() {
      const rows = await read(COUNTS);
      return rows.map((row) => ({
        useCase: String(row.use_case),
        status: row.status as LiveJobStatus,
        count: Number(row.count),
        oldestAt: Number(row.oldest),
      }));
    },
  };
}

async function create(
  write: Writing,
  job: NewJob,
  bounds: JobBounds,
  environment: string,
): Promise<JobCreation> {
  const { order, idempotencyKey: key, fingerprint, delayMs } = job;
  const { id, tenant, useCase, createdAt, expiresAt, body, headers } = order;
  const request = JSON.stringify({ body, headers });
  const bytes = Buffer.byteLength(request);
  const terms = JSON.stringify(onlyTerms(order));
  const set: SqlValue[] = [
    id,
    tenant,
    useCase,
    terms,
    createdAt,
    expiresAt,
    delayMs,
    bytes,
    key,
    fingerprint,
    receiverOf(order.webhookUrl ?? ""),
    environment,
  ];
  const [row] = await write.all([
    {
      sql: CREATE,
      parameters: [
        ...set,
        tenant,
        key,
        bounds.maxLive,
        bytes,
        bounds.maxLiveBytes,
        tenant,
        bounds.countedSince,
      ],
    },
    { sql: KEEP_REQUEST, parameters: [id, request] },
    { sql: CREATED, parameters: [id, tenant, key] },
  ]);
  if (!row) return { type: "full" };
  const found = row as unknown as JobRow & { readonly request: string | null };
  const made = jobOf(found);
  if (found.id === id) return { type: "created", job: made };
  const { request: kept } = found;
  const unsent = found.sent === 0 && kept !== null ? unsentOf({ ...found, request: kept }) : null;
  return { type: "exists", job: made, fingerprint: found.fingerprint ?? "", unsent };
}

/** What travels on the queue has more, which is not kept twice. */
function onlyTerms(terms: JobTerms): JobTerms {
  const { id, keyId, tenant, useCase, endpoint, webhookUrl, metadata, acceptDegraded, createdAt, expiresAt } =
    terms;
  return { id, keyId, tenant, useCase, endpoint, webhookUrl, metadata, acceptDegraded, createdAt, expiresAt };
}

async function list(reads: Reads, query: JobQuery) {
  const { tenant, after, status, useCase } = query;
  const limit = boundedLimit(query.limit, MAX_JOB_PAGE);
  let select = (await reads())
    .selectFrom("jobs")
    .selectAll()
    .orderBy("id", "desc")
    .limit(limit + 1);
  if (tenant !== null) select = select.where("tenant", "=", tenant);
  if (after !== undefined) select = select.where("id", "<", after);
  if (status !== undefined) select = select.where("status", "=", status);
  if (useCase !== undefined) select = select.where("use_case", "=", useCase);
  const rows = await select.execute();
  return { jobs: rows.slice(0, limit).map(jobOf), more: rows.length > limit };
}

function concluding(id: string, end: JobEnd): readonly Statement[] {
  const { status, at, fault, answer, result, dead, tell, messageId } = end;
  const told = [fault && JSON.stringify(fault), answer && JSON.stringify(answer)];
  return [
    { sql: CONCLUDE, parameters: [status, at, ...told, dead ? 1 : 0, messageId, tell ? 1 : 0, at, id] },
    { sql: KEEP_RESULT, parameters: [result, id, messageId] },
    { sql: CONCLUDED, parameters: [id, messageId] },
  ];
}

/** Status, next time and error. */
function noted(outcome: WebhookOutcome): readonly [string, number | null, string | null] {
  if (outcome.type === "delivered") return ["delivered", null, null];
  return outcome.type === "again" ? ["due", outcome.at, outcome.error] : ["dead", null, outcome.error];
}

function jobOrNull([row]: readonly Row[]) {
  return row ? jobOf(row as unknown as JobRow) : null;
}

function firstJob(rows: readonly Row[]) {
  const job = jobOrNull(rows);
  if (!job) throw new Error("A job that was just kept is not there.");
  return job;
}
