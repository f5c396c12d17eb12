/** Opens the file as this house wants it, and turns SQLite's errors into words. Runs in the database's thread. */
import { Database } from "bun:sqlite";
import { existsSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { codeOf } from "../../core/thrown.ts";
import { StoreError, type StoreErrorKind } from "../store-error.ts";
import { migrate } from "./migrations.ts";

/**
 * WAL with synchronous=NORMAL: a commit is in the operating system's hands, so it survives `kill -9` of the
 * process, and the disk is waited for at checkpoints alone; a power cut may lose the last commits but
 * leaves the file whole. Pages of 16 KB cost a tenth less a record of 1 KB than pages of 4 KB, and a
 * checkpoint every 1,000 pages, 16 MB of log, writes the index's last pages less often than a smaller log would.
 */
const WRITER_PRAGMAS = [
  "PRAGMA page_size = 16384",
  "PRAGMA journal_mode = WAL",
  "PRAGMA synchronous = NORMAL",
  "PRAGMA wal_autocheckpoint = 1000",
];
const BUSY_TIMEOUT_MS = 5_000;
/** Two processes that create one file at once: turning WAL on does not heed busy_timeout. */
const OPEN_TRIES = 20;
const OPEN_RETRY_MS = 25;

/** Creates the file and its folder where they do not exist. Throws a `StoreError`. */
export function openForWriting(path: string): Database {
  return guarded(path, () => {
    mkdirSync(dirname(path), { recursive: true });
    const database = new Database(path, { create: true, readwrite: true });
    try {
      whileBusy(() => {
        database.run(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
        for (const pragma of WRITER_PRAGMAS) database.run(pragma);
        migrate(database, path);
      });
      return database;
    } catch (error) {
      closeFile(database);
      throw error;
    }
  });
}

/** The file must be there, with its schema: the writer opens it first. Throws a `StoreError`. */
export function openForReading(path: string): Database {
  return guarded(path, () => {
    if (!existsSync(path)) {
      throw new StoreError("inaccessible", `The database ${path} is gone. Restart to create a new one.`);
    }
    // Not opened read-only: SQLite must be able to write the WAL's shared index. query_only does the rest.
    const database = new Database(path, { create: false, readwrite: true });
    database.run(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
    database.run("PRAGMA query_only = ON");
    return database;
  });
}

/**
 * Closes the file now: `close()` alone leaves it open until the last compiled statement is collected, and
 * what is done then locks out whoever opened the file meanwhile.
 */
export function closeFile(database: Database): void {
  database.close(true);
}

function whileBusy(run: () => void): void {
  for (let attempt = 1; ; attempt++) {
    try {
      run();
      return;
    } catch (error) {
      if (!codeOf(error)?.startsWith("SQLITE_BUSY") || attempt === OPEN_TRIES) throw error;
      Bun.sleepSync(OPEN_RETRY_MS);
    }
  }
}

/** Runs `work` on the file at `path`; whatever it throws becomes a `StoreError`. */
export function guarded<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw asStoreError(error, path);
  }
}

function asStoreError(error: unknown, path: string): StoreError {
  if (error instanceof StoreError) return error;
  const code = codeOf(error) ?? "";
  const detail = error instanceof Error ? error.message : String(error);
  const [kind, advice] = explain(code);
  return new StoreError(kind, `The database ${path} ${advice} (${code || "no code"}: ${detail})`);
}

function explain(code: string): readonly [StoreErrorKind, string] {
  if (/^SQLITE_(CORRUPT|NOTADB)/.test(code)) {
    return [
      "corrupt",
      "is damaged or is not an SQLite database. Move it and its -wal and -shm files away to start with " +
        "an empty one, or restore a backup; `sqlite3 FILE .recover` may save the rest.",
    ];
  }
  if (/^(SQLITE_(CANTOPEN|READONLY|PERM|AUTH)|E(ACCES|PERM|ROFS|NOENT|NOTDIR|EXIST|ISDIR))/.test(code)) {
    return [
      "inaccessible",
      "cannot be opened for writing. Check that the folder exists, is a folder, and that this user may " +
        "write to it and to the file, or point --data elsewhere.",
    ];
  }
  if (/^(SQLITE_(FULL|IOERR)|ENOSPC|EIO)/.test(code)) {
    return ["disk", "could not be written: the disk is full or failing. Free space or replace the disk."];
  }
  if (/^SQLITE_(BUSY|LOCKED)/.test(code)) {
    return ["busy", "is locked by another process. Stop the other program that writes to it."];
  }
  return ["internal", "answered with an error that this program did not expect. Please report it."];
}
