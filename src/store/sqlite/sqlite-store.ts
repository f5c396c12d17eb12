/**
 * The embedded store: one SQLite file, written by one thread and read by another that starts with the
 * first read, so that a long search holds up neither requests nor records. Owns the queries.
 */
import type { Clock } from "../../core/clock.ts";
import { programModule } from "../../core/program-files.ts";
import type { Store } from "../ports.ts";
import { sqliteActivations } from "./activation-store.ts";
import { sqliteAnswers } from "./answer-store.ts";
import { sqliteAudit } from "./audit-store.ts";
import { sqliteBatches } from "./batch-store.ts";
import { sqliteCircuitOrders } from "./circuit-orders.ts";
import { sqliteDecisions } from "./decisions/decision-store.ts";
import type { Execute } from "./dialect.ts";
import { sqliteFiles, type Writing } from "./file-store.ts";
import { sqliteJobQueue } from "./job-queue.ts";
import { sqliteJobs } from "./job-store.ts";
import { sqlitePolicyHeads } from "./policy-heads.ts";
import type { Question, Row } from "./protocol.ts";
import type { Reads } from "./tables.ts";
import { type DatabaseThread, startThread } from "./thread.ts";
import { sqliteTickets } from "./ticket-store.ts";

const DEFAULT_RETAIN = 1_000_000;

export interface SqliteStoreOptions {
  /** The file; it and its folder are created. */
  readonly path: string;
  readonly clock: Clock;
  /** Jobs, batches and answers to tickets are done by gateways of the one that they were given to. Default null: of none. */
  readonly environment?: string | null;
  /** Decisions kept at the least; the first written leave first. Default 1,000,000: some 0.1 GB. */
  readonly retainDecisions?: number;
  /** How a thread is started; tests give one that dies. */
  readonly spawn?: () => Worker;
}

export interface SqliteStore extends Store {
  /**
   * Settles when the file is open and its schema current. Rejects with a `StoreError` of kind `corrupt`,
   * `newer_schema`, `inaccessible`, `disk` or `busy` that says what is wrong and how to mend it; the store
   * then refuses what it is given, and tries the file again at growing intervals.
   */
  ready(): Promise<void>;
}

/** Returns at once: the file is opened in the background, and what is written before waits for it. */
export function openSqliteStore(options: SqliteStoreOptions): SqliteStore {
  const { path, clock, retainDecisions: retain = DEFAULT_RETAIN, spawn = spawnWorker } = options;
  const writer = startThread({ clock, spawn, open: { type: "open", mode: "write", path, retain } });
  const environment = options.environment ?? "";
  let reader: DatabaseThread | null = null;
  let closed = false;
  const ask = async (question: Question): Promise<readonly Row[]> => {
    // The writer makes the schema, and a store that is closed must not start a thread.
    if (!reader && !closed) await writer.opened();
    if (!reader && !closed) {
      reader = startThread({ clock, spawn, open: { type: "open", mode: "read", path, retain } });
    }
    return (reader ?? writer).ask(question);
  };
  const read: Execute = (sql, parameters) => ask({ type: "execute", sql, parameters });
  let queries: ReturnType<Reads> | null = null;
  const reads: Reads = () => {
    queries ??= import("./dialect.ts").then(({ queriesOver }) => queriesOver(read));
    return queries;
  };
  const write: Writing = {
    one: (sql, ...parameters) => writer.ask({ type: "execute", sql, parameters }),
    all: (statements) => writer.ask({ type: "transaction", statements }),
  };
  return {
    decisions: sqliteDecisions(writer, ask),
    activations: sqliteActivations(write, reads),
    files: sqliteFiles(write, reads),
    batches: sqliteBatches(write, reads, environment),
    answers: sqliteAnswers(write, reads),
    tickets: sqliteTickets(write, reads, environment),
    policyHeads: sqlitePolicyHeads(write, reads),
    audit: sqliteAudit(write, reads),
    circuitOrders: sqliteCircuitOrders(write),
    queue: sqliteJobQueue(write, read, clock, environment),
    jobs: sqliteJobs(write, reads, (sql, ...parameters) => read(sql, parameters), environment),
    ready: () => writer.opened(),
    async close() {
      closed = true;
      // The reader first: its snapshot would keep the writer's checkpoint from emptying the log.
      await reader?.close();
      await writer.close();
    },
  };
}

function spawnWorker(): Worker {
  return new Worker(programModule("store/sqlite/worker"), { name: "pointsman-store", smol: true });
}
