/** Writes batches of decisions and forgets the oldest. Runs in the database's thread; knows no messages. */
import type { Database, Statement } from "bun:sqlite";
import { decodeBatch, INSERT_COLUMNS, VALUES_PER_DECISION } from "./batch.ts";
import type { SqlValue } from "./protocol.ts";

/** Rows a statement: fewer calls into SQLite save a tenth of the cost of a row; beyond 16 nothing is won. */
const ROWS_PER_INSERT = 16;
/** The least that a batch trims when there is too much: the catch-up after retention was lowered. */
const MIN_TRIM = 500;

export interface DecisionWriter {
  /** One transaction: all of the batch or nothing. An id that is there already is left as it is. */
  write(encoded: string): void;
}

/** `retain` is how many decisions the table keeps; the first written leave first. */
export function createDecisionWriter(database: Database, retain: number): DecisionWriter {
  const many = prepareInsert(database, ROWS_PER_INSERT);
  const one = prepareInsert(database, 1);
  const trim = createTrim(database, retain);
  const write = database.transaction((values: readonly SqlValue[]) => {
    const chunk = ROWS_PER_INSERT * VALUES_PER_DECISION;
    let i = 0;
    for (; i + chunk <= values.length; i += chunk) many.run(...values.slice(i, i + chunk));
    for (; i < values.length; i += VALUES_PER_DECISION) {
      one.run(...values.slice(i, i + VALUES_PER_DECISION));
    }
    trim(values.length / VALUES_PER_DECISION);
  });
  return {
    write(encoded) {
      // Immediate: a read lock that turns into a write lock would not wait for another process's.
      write.immediate(decodeBatch(encoded));
    },
  };
}

function prepareInsert(database: Database, rows: number): Statement<unknown, SqlValue[]> {
  const row = `(${Array(VALUES_PER_DECISION).fill("?").join(", ")})`;
  const values = Array(rows).fill(row).join(", ");
  return database.prepare(`INSERT OR IGNORE INTO decisions (${INSERT_COLUMNS}) VALUES ${values}`);
}

/**
 * Deletes at most twice what was just written, or 500: retention never holds up a batch, and still gains on
 * the writes. `seq` has no gaps, so the span between its ends is the number of rows.
 */
function createTrim(database: Database, retain: number): (written: number) => void {
  const ends = database.prepare<{ first: number | null; last: number | null }, []>(
    "SELECT (SELECT min(seq) FROM decisions) AS first, (SELECT max(seq) FROM decisions) AS last",
  );
  const remove = database.prepare("DELETE FROM decisions WHERE seq < ?");
  return (written) => {
    const { first, last } = ends.get() ?? { first: null, last: null };
    if (first === null || last === null) return;
    const excess = last - first + 1 - retain;
    if (excess > 0) remove.run(first + Math.min(excess, Math.max(MIN_TRIM, 2 * written)));
  };
}
