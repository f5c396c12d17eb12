/** Writes segments of decisions and forgets the oldest. Runs in the database's thread; knows no messages. */
import type { Database } from "bun:sqlite";
import { createMerger } from "./merge-segments.ts";
import { decodeSegment, pack, type SegmentTexts } from "./segment.ts";

/** Records that a write may trim in any case: the catch-up after retention was lowered. */
const MIN_TRIM = 500;
/** Writes between two looks for small segments. */
const MERGE_EVERY = 16;

export interface DecisionWriter {
  /** One transaction: all of the segment or nothing. One that is there already is left as it is. */
  write(encoded: string): void;
}

/** `retain` is how many decisions are kept at the least; the first written leave first, whole segments of them. */
export function createDecisionWriter(database: Database, retain: number): DecisionWriter {
  const insert = createInsert(database);
  const trim = createTrim(database, retain);
  const merge = createMerger(database);
  let writes = 0;
  const write = database.transaction((segment: SegmentTexts) => {
    insert(segment);
    trim(segment.range.count);
    if (writes % MERGE_EVERY === 0) merge();
  });
  return {
    write(encoded) {
      writes++;
      // Immediate: a read lock that turns into a write lock would not wait for another process's.
      write.immediate(decodeSegment(encoded));
    },
  };
}

/**
 * A batch whose thread died before it could say that it had written it comes again as it was: the same number of
 * records between the same two ids are the same records.
 */
export function createInsert(database: Database): (segment: SegmentTexts) => void {
  const insert = database.prepare<unknown, [number, string, string, Uint8Array, Uint8Array]>(
    `INSERT INTO decision_segments (seq, count, min_id, max_id, columns, documents)
     SELECT coalesce((SELECT seq + count FROM decision_segments ORDER BY seq DESC LIMIT 1), 1), ?1, ?2, ?3, ?4, ?5
     WHERE NOT EXISTS (SELECT 1 FROM decision_segments WHERE min_id = ?2 AND max_id = ?3 AND count = ?1)`,
  );
  return ({ range, columns, documents }) => {
    insert.run(range.count, range.minId, range.maxId, pack(columns), pack(documents));
  };
}

/**
 * Deletes at most twice what was just written, or 500, or one segment: retention never holds up a batch, and still
 * gains on the writes. Numbers have no gaps, so the span between the ends is how many records there are.
 */
function createTrim(database: Database, retain: number): (written: number) => void {
  const ends = database.prepare<{ first: number; size: number; end: number }, []>(
    `SELECT oldest.seq AS first, oldest.count AS size, newest.seq + newest.count AS end
     FROM (SELECT seq, count FROM decision_segments ORDER BY seq LIMIT 1) AS oldest,
       (SELECT seq, count FROM decision_segments ORDER BY seq DESC LIMIT 1) AS newest`,
  );
  const remove = database.prepare("DELETE FROM decision_segments WHERE seq < ?1 AND seq + count <= ?1");
  return (written) => {
    const found = ends.get();
    if (found === null) return;
    const { first, size, end } = found;
    const excess = end - first - retain;
    if (excess >= size) remove.run(first + Math.min(excess, Math.max(MIN_TRIM, 2 * written, size)));
  };
}
