/**
 * Which processes use a folder now: each has a file of its own there, locked for as long as it lives, however it ends.
 * Owns the files; does not know what the folder is for.
 */
import { Database } from "bun:sqlite";
import { mkdirSync, readdirSync, rmdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";

export interface Presence {
  /** Of this process. */
  readonly id: string;
  /** Whether the process of that id uses the folder now. */
  runs(id: string): boolean;
  /** Ids of the others that do. */
  others(): readonly string[];
  leave(): void;
}

const ENDING = ".in-use";
/** One that is being made is not locked yet. */
const YOUNG_MS = 5_000;

/** Of this process: one that nobody refers to is closed when it is collected, and its lock is gone. */
const held = new Set<Database>();

/** Makes the folder where there is none. Throws where it cannot be written. `id`: none that another process has. */
export function announce(directory: string, id: string): Presence {
  const pathOf = (of: string) => join(directory, `${of}${ENDING}`);
  mkdirSync(directory, { recursive: true });
  const own = lock(pathOf(id), true);
  held.add(own);
  const runs = (other: string): boolean => {
    if (other === id) return true;
    try {
      lock(pathOf(other), false).close(true);
      return false;
    } catch (thrown) {
      return isBusy(thrown);
    }
  };
  const others = (): string[] => {
    const ids = readdirSync(directory).filter((name) => name.endsWith(ENDING));
    return ids.map((name) => name.slice(0, -ENDING.length)).filter((other) => other !== id && runs(other));
  };
  const left = readdirSync(directory).filter((name) => name.endsWith(ENDING) && isOld(join(directory, name)));
  for (const name of left) {
    if (!runs(name.slice(0, -ENDING.length))) rmSync(join(directory, name), { force: true });
  }
  return {
    id,
    runs,
    others,
    leave() {
      held.delete(own);
      own.close(true);
      rmSync(pathOf(id), { force: true });
      // Only where nothing else is in it.
      try {
        rmdirSync(directory);
      } catch {}
    },
  };
}

/** Throws where another process has it, or there is none to be had. */
function lock(path: string, create: boolean): Database {
  const database = new Database(path, { create, readwrite: true });
  try {
    // Nothing is written, and a journal would be left beside it.
    database.run("PRAGMA journal_mode = MEMORY");
    database.run("BEGIN EXCLUSIVE");
    return database;
  } catch (thrown) {
    database.close(true);
    throw thrown;
  }
}

function isBusy(thrown: unknown): boolean {
  return thrown instanceof Error && "code" in thrown && String(thrown.code).startsWith("SQLITE_BUSY");
}

function isOld(path: string): boolean {
  const age = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0);
  return age > YOUNG_MS;
}
