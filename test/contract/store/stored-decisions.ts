/** What a file holds, read past the store. */
import type { Database } from "bun:sqlite";
import { SegmentColumns } from "../../../src/store/sqlite/decisions/segment.ts";

/** Ids of all decisions, in the order of writing. */
export function storedDecisions(database: Database): string[] {
  const rows = database
    .query<{ columns: Uint8Array }, []>("SELECT columns FROM decision_segments ORDER BY seq")
    .all();
  return rows.flatMap((row) => {
    const columns = new SegmentColumns(row.columns);
    return Array.from({ length: columns.count }, (_, place) => columns.id(place));
  });
}

/** How many records each segment says it has, in the order of writing. */
export function segmentSizes(database: Database): number[] {
  return database
    .query<{ count: number }, []>("SELECT count FROM decision_segments ORDER BY seq")
    .all()
    .map(({ count }) => count);
}
