/**
 * The database's thread: the entry point that `new Worker` runs. Owns the connection; takes messages in
 * order and answers each once. A slow disk stalls this thread and no request.
 */
import type { Database, SQLQueryBindings } from "bun:sqlite";
import { StoreError } from "../store-error.ts";
import { closeFile, guarded, openForReading, openForWriting } from "./connection.ts";
import { createDecisionReader, type DecisionReader } from "./decisions/decision-reader.ts";
import { createDecisionWriter, type DecisionWriter } from "./decisions/decision-writer.ts";
import type { DecisionQuestion, FromThread, Row, Statement, ToThread } from "./protocol.ts";

declare const self: Worker;

interface Session {
  readonly path: string;
  readonly database: Database;
  /** Null in the thread that reads. */
  readonly writer: DecisionWriter | null;
  /** Null in the thread that writes. */
  readonly decisions: DecisionReader | null;
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
  const { path, database, writer, decisions } = session;
  if (typeof message === "string") {
    guarded(path, () => writer?.write(message));
    return [];
  }
  if (message.type === "execute") return guarded(path, () => run(database, message));
  if (message.type === "decisions" || message.type === "decision" || message.type === "spent") {
    if (decisions === null) throw new StoreError("internal", "Searches are for the thread that reads.");
    return guarded(path, () => search(decisions, message));
  }
  if (message.type === "transaction") return guarded(path, () => runAll(database, message.statements));
  session = null;
  close(database, writer !== null);
  return [];
}

/** .query keeps the compiled statement: the house has a handful of them. */
function run(database: Database, { sql, parameters }: Statement): Row[] {
  return database.query<Row, SQLQueryBindings[]>(sql).all(...parameters);
}

function search(decisions: DecisionReader, question: DecisionQuestion): readonly Row[] {
  if (question.type === "spent") return [{ ...decisions.spent(question.query) }];
  if (question.type === "decisions") return decisions.list(question.query).map((document) => ({ document }));
  const document = decisions.get(question.id);
  return document === null ? [] : [{ document }];
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
  if (mode === "read") {
    const database = openForReading(path);
    return { path, database, writer: null, decisions: guarded(path, () => createDecisionReader(database)) };
  }
  const database = openForWriting(path);
  const writer = guarded(path, () => createDecisionWriter(database, retain));
  return { path, database, writer, decisions: null };
}

function close(database: Database, checkpoint: boolean): void {
  try {
    // Leaves one file behind instead of three. Another process that reads may prevent it, which is harmless.
    if (checkpoint) database.run("PRAGMA wal_checkpoint(TRUNCATE)");
  } finally {
    closeFile(database);
  }
}
