/** Decisions of a file in which each was a row of its own, as segments. Owns that step of the schema's history. */
import type { Database } from "bun:sqlite";
import type { DecisionRecord } from "../../decision-store.ts";
import { createInsert } from "./decision-writer.ts";
import { decodeSegment, encodeSegment } from "./segment.ts";

/** As many as the queue writes at once. */
const RECORDS = 512;

/** Within a transaction of the caller's. A million records take some seconds, once. */
export function rowsToSegments(database: Database): void {
  const read = database.prepare<DecisionRecord & { readonly seq: number }, [number]>(
    `SELECT seq, id, use_case AS useCase, tenant, outcome, document ->> '$.keyId' AS keyId,
       document ->> '$.cost' AS cost, document
     FROM decisions WHERE seq > ? ORDER BY seq LIMIT ${RECORDS}`,
  );
  const insert = createInsert(database);
  let last = 0;
  for (;;) {
    const rows = read.all(last);
    const newest = rows.at(-1);
    if (newest === undefined) break;
    insert(decodeSegment(encodeSegment(rows)));
    last = newest.seq;
  }
  read.finalize();
  database.run("DROP TABLE decisions");
}
