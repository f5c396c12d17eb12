/**
 * The database's thread: the entry point that `new Worker` runs. Owns the connection; takes messages in
 * order and answers each once. A slow disk stalls this thread and no request.
 */
import type { Database, SQLQueryBindings } from "bun:sqlite";
import { StoreError } from "../store-error.ts";
import { closeFile, guarded, openForReading, openForWriting } from "./connection.ts";
import { createDecisionWriter, type DecisionWriter } from "./decision-writer.ts";
import type { FromThread, Row, Statement, ToThread } from "./protocol.ts";

declare const self: Worker;

interface Session {
  readonly path: string;
  readonly database: Database;
  readonly writer: DecisionWriter | null;
}

let session: Session | null = null;

self.onmessage = (event: MessageEvent<ToThread>) => {
  let answer: FromThread;
  try {
    answer = { ok: true, rows: handle(event.data) };
  } catch (error) {
    const kind = error instanceof StoreError ? error.kind : "internal";
    answer = { ok: false, kind, message: error instanceof Error ? error.message : String(error) };
  }
  self.postMessage(answer);
};

function handle(message: ToThread): readonly Row[] {
  if (typeof message !== "string" && message.type === "open") {
    session = open(message);
    return [];
  }
  if (!session) throw new StoreError("closed", "The database is not open.");
  const { path, database, writer } = session;
  if (typeof message === "string") {
    guarded(path, () => writer?.write(message));
    return [];
  }
  if (message.type === "execute") return guarded(path, () => run(database, message));
  if (message.type === "transaction") return guarded(path, () => runAll(database, message.statements));
  session = null;
  close(database, writer !== null);
  return [];
}

/** .query keeps the compiled statement: the house has a handful of them. */
function run(database: Database, { sql, parameters }: Statement): Row[] {
  return database.query<Row, SQLQueryBindings[]>(sql).all(...parameters);
}

/** Immediate: a read lock that turns into a write lock would not wait for another process's. */
function runAll(database: Database, statements: readonly Statement[]): Row[] {
  let rows: Row[] = [];
  const all = database.transaction(() => {
    for (const statement of statements) rows = run(database, statement);
  });
  all.immediate();
  return rows;
}

function open(message: Extract<ToThread, { type: "open" }>): Session {
  const { path, mode, retain } = message;
  if (mode === "read") return { path, database: openForReading(path), writer: null };
  const database = openForWriting(path);
  return { path, database, writer: guarded(path, () => createDecisionWriter(database, retain)) };
}

function close(database: Database, checkpoint: boolean): void {
  try {
    // Leaves one file behind instead of three. Another process that reads may prevent it, which is harmless.
    if (checkpoint) database.run("PRAGMA wal_checkpoint(TRUNCATE)");
  } finally {
    closeFile(database);
  }
}
