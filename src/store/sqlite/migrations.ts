/**
 * The schema, as the steps that made it. Owns every CREATE; a step that was released never changes, a new
 * one is appended. Each runs in a transaction of its own together with the note that it ran.
 */
import type { Database } from "bun:sqlite";
import { receiverOf } from "../receiver-of.ts";
import { StoreError } from "../store-error.ts";
import { rowsToSegments } from "./decisions/rows-to-segments.ts";

interface Migration {
  readonly version: number;
  readonly name: string;
  readonly statements: readonly string[];
  /** What SQL cannot say; after the statements. */
  readonly afterwards?: (database: Database) => void;
}

/**
 * `decision_segments.seq` counts records, without gaps: it is the number of the first one of a segment, so that
 * retention needs no COUNT, and pages walk it, since a record is written when its request ends and its id is made when
 * it begins.
 */
const MIGRATIONS: readonly Migration[] = [
  {
    version: 1,
    name: "decisions and activations",
    statements: [
      `CREATE TABLE decisions (
         seq INTEGER PRIMARY KEY,
         id TEXT NOT NULL UNIQUE,
         at INTEGER NOT NULL,
         use_case TEXT,
         tenant TEXT NOT NULL,
         outcome TEXT NOT NULL,
         document TEXT NOT NULL
       )`,
      `CREATE TABLE activations (
         id TEXT PRIMARY KEY,
         at INTEGER NOT NULL,
         document TEXT NOT NULL
       )`,
    ],
  },
  {
    version: 2,
    name: "files and batches",
    statements: [
      `CREATE TABLE files (
         id TEXT PRIMARY KEY,
         tenant TEXT NOT NULL,
         purpose TEXT NOT NULL,
         filename TEXT NOT NULL,
         bytes INTEGER NOT NULL,
         created_at INTEGER NOT NULL,
         expires_at INTEGER,
         state TEXT NOT NULL
       )`,
      "CREATE INDEX files_by_tenant ON files (tenant, id)",
      "CREATE INDEX files_to_sweep ON files (id) WHERE state <> 'complete' OR expires_at IS NOT NULL",
      // The size stands before the bytes, where it is read without them.
      `CREATE TABLE file_parts (
         file_id TEXT NOT NULL,
         part INTEGER NOT NULL,
         size INTEGER NOT NULL,
         bytes BLOB NOT NULL,
         UNIQUE (file_id, part)
       )`,
      `CREATE TABLE batches (
         id TEXT PRIMARY KEY,
         tenant TEXT NOT NULL,
         stated TEXT NOT NULL,
         input_file_id TEXT NOT NULL,
         status TEXT NOT NULL,
         model TEXT,
         issues TEXT NOT NULL DEFAULT '[]',
         output_file_id TEXT,
         error_file_id TEXT,
         total INTEGER NOT NULL DEFAULT 0,
         completed INTEGER NOT NULL DEFAULT 0,
         failed INTEGER NOT NULL DEFAULT 0,
         input_tokens INTEGER NOT NULL DEFAULT 0,
         cached_tokens INTEGER NOT NULL DEFAULT 0,
         output_tokens INTEGER NOT NULL DEFAULT 0,
         reasoning_tokens INTEGER NOT NULL DEFAULT 0,
         expires_at INTEGER NOT NULL,
         in_progress_at INTEGER,
         finalizing_at INTEGER,
         completed_at INTEGER,
         failed_at INTEGER,
         expired_at INTEGER,
         cancelling_at INTEGER,
         cancelled_at INTEGER,
         owner TEXT,
         lease_until INTEGER NOT NULL DEFAULT 0
       )`,
      "CREATE INDEX batches_by_tenant ON batches (tenant, id)",
      "CREATE INDEX batches_by_end ON batches (expires_at)",
      `CREATE INDEX batches_live ON batches (id)
         WHERE status IN ('validating', 'in_progress', 'finalizing', 'cancelling')`,
      `CREATE TABLE batch_results (
         batch_id TEXT NOT NULL,
         line INTEGER NOT NULL,
         PRIMARY KEY (batch_id, line)
       ) WITHOUT ROWID`,
    ],
  },
  {
    version: 3,
    name: "policy texts, the store's own policy, the audit log",
    statements: [
      "CREATE TABLE policy_texts (digest TEXT PRIMARY KEY, text TEXT NOT NULL, used_at INTEGER NOT NULL)",
      `CREATE TABLE policy_heads (
         revision INTEGER PRIMARY KEY,
         at INTEGER NOT NULL,
         actor TEXT NOT NULL,
         note TEXT,
         documents TEXT NOT NULL
       )`,
      "CREATE TABLE audit_log (seq INTEGER PRIMARY KEY, hash TEXT NOT NULL UNIQUE, entry TEXT NOT NULL)",
      `CREATE TRIGGER audit_log_is_not_changed BEFORE UPDATE ON audit_log
       BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END`,
      `CREATE TRIGGER audit_log_is_not_cut BEFORE DELETE ON audit_log
       BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END`,
    ],
  },
  {
    version: 4,
    name: "kept answers and tickets",
    statements: [
      // The size stands before the document, where it is read without it.
      `CREATE TABLE answers (
         seq INTEGER PRIMARY KEY,
         tenant TEXT NOT NULL,
         key TEXT NOT NULL,
         use_case TEXT NOT NULL,
         stored_at INTEGER NOT NULL,
         expires_at INTEGER NOT NULL,
         size INTEGER NOT NULL,
         document TEXT NOT NULL,
         UNIQUE (tenant, key)
       )`,
      "CREATE INDEX answers_by_age ON answers (stored_at)",
      "CREATE INDEX answers_by_end ON answers (expires_at)",
      `CREATE TABLE tickets (
         id TEXT PRIMARY KEY,
         at INTEGER NOT NULL,
         tenant TEXT NOT NULL,
         use_case TEXT NOT NULL,
         queue TEXT NOT NULL,
         request_id TEXT NOT NULL,
         decision_id TEXT NOT NULL,
         prompt TEXT,
         status TEXT NOT NULL,
         claimed_by TEXT,
         lease_until INTEGER,
         answer TEXT,
         ended_by TEXT,
         ended_at INTEGER,
         delivery TEXT,
         deliveries INTEGER NOT NULL DEFAULT 0,
         deliver_at INTEGER
       )`,
      "CREATE INDEX tickets_waiting ON tickets (tenant, queue) WHERE ended_at IS NULL",
      "CREATE INDEX tickets_to_deliver ON tickets (deliver_at) WHERE delivery = 'due'",
      "CREATE INDEX tickets_by_end ON tickets (ended_at) WHERE ended_at IS NOT NULL",
    ],
  },
  {
    version: 5,
    name: "the queue of jobs",
    statements: [
      // `visible_at` alone says whose turn it is, waiting or in hand. The size stands before the body, where it
      // is read without it.
      `CREATE TABLE queue_messages (
         seq INTEGER PRIMARY KEY,
         id TEXT NOT NULL UNIQUE,
         group_name TEXT NOT NULL,
         sent_at INTEGER NOT NULL,
         visible_at INTEGER NOT NULL,
         waited_from INTEGER NOT NULL,
         attempts INTEGER NOT NULL DEFAULT 0,
         receipt TEXT,
         size INTEGER NOT NULL,
         body TEXT NOT NULL
       )`,
      "CREATE INDEX queue_by_turn ON queue_messages (visible_at, seq)",
      "CREATE INDEX queue_in_hand ON queue_messages (visible_at) WHERE receipt IS NOT NULL",
      `CREATE TABLE queue_dead (
         seq INTEGER PRIMARY KEY,
         id TEXT NOT NULL UNIQUE,
         group_name TEXT NOT NULL,
         attempts INTEGER NOT NULL,
         died_at INTEGER NOT NULL,
         reason TEXT,
         size INTEGER NOT NULL,
         body TEXT NOT NULL
       )`,
    ],
  },
  {
    version: 6,
    name: "activations of the store's own policy by steps",
    statements: ["ALTER TABLE policy_heads ADD COLUMN staged TEXT"],
  },
  {
    version: 7,
    name: "jobs",
    statements: [
      `CREATE TABLE jobs (
         id TEXT PRIMARY KEY,
         tenant TEXT NOT NULL,
         use_case TEXT NOT NULL,
         terms TEXT NOT NULL,
         created_at INTEGER NOT NULL,
         expires_at INTEGER NOT NULL,
         status TEXT NOT NULL,
         attempts INTEGER NOT NULL DEFAULT 0,
         started_at INTEGER,
         ended_at INTEGER,
         next_attempt_at INTEGER,
         fault TEXT,
         answer TEXT,
         dead INTEGER NOT NULL DEFAULT 0,
         sent INTEGER NOT NULL DEFAULT 0,
         delay_ms INTEGER NOT NULL DEFAULT 0,
         bytes INTEGER NOT NULL DEFAULT 0,
         idempotency_key TEXT,
         fingerprint TEXT,
         webhook_status TEXT,
         webhook_message_id TEXT,
         webhook_attempts INTEGER NOT NULL DEFAULT 0,
         webhook_at INTEGER,
         webhook_error TEXT
       )`,
      "CREATE INDEX jobs_by_tenant ON jobs (tenant, id)",
      `CREATE UNIQUE INDEX jobs_by_key ON jobs (tenant, idempotency_key)
         WHERE idempotency_key IS NOT NULL`,
      `CREATE INDEX jobs_live ON jobs (tenant, bytes) WHERE status IN ('queued', 'running', 'retrying')`,
      `CREATE INDEX jobs_live_by_use_case ON jobs (use_case, status, created_at)
         WHERE status IN ('queued', 'running', 'retrying')`,
      `CREATE INDEX jobs_live_by_deadline ON jobs (expires_at)
         WHERE status IN ('queued', 'running', 'retrying')`,
      "CREATE INDEX jobs_unsent ON jobs (created_at) WHERE sent = 0",
      "CREATE INDEX jobs_by_end ON jobs (ended_at) WHERE ended_at IS NOT NULL",
      "CREATE INDEX jobs_to_tell ON jobs (webhook_at) WHERE webhook_status = 'due'",
      // Apart from the row, which changes often and must not drag them along.
      "CREATE TABLE job_texts (job_id TEXT PRIMARY KEY, request TEXT, result TEXT)",
    ],
  },
  {
    version: 8,
    name: "decisions in segments",
    statements: [
      // What is asked for stands before the documents, where it is read without them.
      `CREATE TABLE decision_segments (
         seq INTEGER PRIMARY KEY,
         count INTEGER NOT NULL,
         min_id TEXT NOT NULL,
         max_id TEXT NOT NULL,
         columns BLOB NOT NULL,
         documents BLOB NOT NULL
       )`,
      "CREATE INDEX decision_segments_by_id ON decision_segments (min_id, max_id, count)",
    ],
    afterwards: rowsToSegments,
  },
  {
    version: 9,
    name: "webhooks by receiver",
    statements: [
      // Not null: a process of an earlier release that still writes here leaves it out.
      "ALTER TABLE jobs ADD COLUMN webhook_origin TEXT NOT NULL DEFAULT ''",
      "DROP INDEX jobs_to_tell",
      "CREATE INDEX jobs_to_tell ON jobs (webhook_origin, webhook_at) WHERE webhook_status = 'due'",
      "DROP INDEX tickets_to_deliver",
      `CREATE INDEX tickets_to_deliver ON tickets (use_case, queue, deliver_at) WHERE delivery = 'due'`,
    ],
    afterwards: noteReceivers,
  },
  {
    version: 10,
    name: "the act that made the store's own policy",
    // Null: a process of an earlier release that still writes here leaves it out.
    statements: ["ALTER TABLE policy_heads ADD COLUMN via TEXT"],
  },
  {
    version: 11,
    name: "orders over circuits",
    statements: [
      // The environment is empty where a gateway is of none in particular.
      `CREATE TABLE circuit_orders (
         environment TEXT NOT NULL,
         deployment TEXT NOT NULL,
         verb TEXT NOT NULL,
         until INTEGER,
         at INTEGER NOT NULL,
         origin TEXT NOT NULL,
         actor TEXT NOT NULL,
         PRIMARY KEY (environment, deployment)
       ) WITHOUT ROWID`,
    ],
  },
  {
    version: 12,
    name: "work by environment",
    statements: [
      // Null: of an earlier release, and anybody's. Empty: of gateways of no environment in particular.
      ...["jobs", "queue_messages", "queue_dead", "batches", "tickets"].map(
        (table) => `ALTER TABLE ${table} ADD COLUMN environment TEXT`,
      ),
      // With it at their ends, so that whose a row is can be told without reading the row.
      "DROP INDEX queue_by_turn",
      "CREATE INDEX queue_by_turn ON queue_messages (visible_at, seq, environment)",
      "DROP INDEX jobs_to_tell",
      `CREATE INDEX jobs_to_tell ON jobs (webhook_origin, webhook_at, environment) WHERE webhook_status = 'due'`,
      "DROP INDEX tickets_to_deliver",
      `CREATE INDEX tickets_to_deliver ON tickets (use_case, queue, deliver_at, environment) WHERE delivery = 'due'`,
    ],
  },
];

/** Of jobs that were submitted before it was noted. */
function noteReceivers(database: Database): void {
  const note = database.query("UPDATE jobs SET webhook_origin = ? WHERE id = ?");
  const jobs = database
    .query<{ id: string; url: string }, []>(
      "SELECT id, json_extract(terms, '$.webhookUrl') AS url FROM jobs WHERE json_extract(terms, '$.webhookUrl') IS NOT NULL",
    )
    .all();
  for (const { id, url } of jobs) note.run(receiverOf(url), id);
}

const SCHEMA_VERSION = MIGRATIONS.at(-1)?.version ?? 0;

/** Brings the schema up to date. Throws a `StoreError` of kind `newer_schema` where it is beyond this program. */
export function migrate(database: Database, path: string): void {
  database.run(
    `CREATE TABLE IF NOT EXISTS schema_migrations (
       version INTEGER PRIMARY KEY,
       name TEXT NOT NULL,
       applied_at TEXT NOT NULL
     )`,
  );
  refuseNewer(database, path);
  for (const migration of MIGRATIONS) apply(database, migration);
}

function refuseNewer(database: Database, path: string): void {
  const found = currentVersion(database);
  if (found <= SCHEMA_VERSION) return;
  throw new StoreError(
    "newer_schema",
    `The database ${path} has schema version ${found}, but this program knows only ${SCHEMA_VERSION}. ` +
      "Run the newer release that wrote it, or point --data at another folder.",
  );
}

function currentVersion(database: Database): number {
  const row = database
    .query<{ version: number | null }, []>("SELECT max(version) AS version FROM schema_migrations")
    .get();
  return row?.version ?? 0;
}

function apply(database: Database, migration: Migration): void {
  const run = database.transaction(() => {
    // Asked inside the transaction: another process may have been faster.
    if (currentVersion(database) >= migration.version) return;
    for (const statement of migration.statements) database.run(statement);
    migration.afterwards?.(database);
    database.run("INSERT INTO schema_migrations (version, name, applied_at) VALUES (?, ?, datetime('now'))", [
      migration.version,
      migration.name,
    ]);
  });
  run.immediate();
}
