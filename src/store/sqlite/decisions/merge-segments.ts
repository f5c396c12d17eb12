/**
 * Makes one segment of many small ones, which a gateway with few requests writes. Owns when; each record is written anew
 * twice at the most. What lies together is read at once and takes a tenth of the room.
 */
import type { Database } from "bun:sqlite";
import { joinSegments, pack, type SegmentRange, type SegmentTexts, unpack } from "./segment.ts";

/** Records below which a segment is tiny, and below which it is small; from then on it stays as it is. */
const TINY = 16;
const SMALL = 64;
/** Neighbours of one size from which on they become one. */
const RUN = 16;
/** The newest stay: one of them may be written again by somebody who was not told that it had been. */
const NEWEST = 4;
/** Two runs, and what may be written between two looks. */
const LOOK_BACK = NEWEST + 4 * RUN;

interface Size {
  readonly seq: number;
  readonly count: number;
}

interface Row extends SegmentRange {
  readonly columns: Uint8Array;
  readonly documents: Uint8Array;
}

/** Merges the runs that there are. Within a transaction of the caller's. */
export function createMerger(database: Database): () => void {
  const tail = database.prepare<Size, []>(
    `SELECT seq, count FROM decision_segments ORDER BY seq DESC LIMIT ${LOOK_BACK}`,
  );
  const read = database.prepare<Row, [number, number]>(
    `SELECT count, min_id AS minId, max_id AS maxId, columns, documents FROM decision_segments
     WHERE seq BETWEEN ? AND ? ORDER BY seq`,
  );
  const remove = database.prepare("DELETE FROM decision_segments WHERE seq BETWEEN ? AND ?");
  const insert = database.prepare<unknown, [number, number, string, string, Uint8Array, Uint8Array]>(
    "INSERT INTO decision_segments (seq, count, min_id, max_id, columns, documents) VALUES (?, ?, ?, ?, ?, ?)",
  );
  return () => {
    for (const { from, to } of runsOf(tail.all().slice(NEWEST))) {
      const { range, columns, documents } = joinSegments(read.all(from, to).map(textsOf));
      remove.run(from, to);
      insert.run(from, range.count, range.minId, range.maxId, pack(columns), pack(documents));
    }
  };
}

function textsOf({ count, minId, maxId, columns, documents }: Row): SegmentTexts {
  return { range: { count, minId, maxId }, columns: unpack(columns), documents: unpack(documents) };
}

interface Run {
  /** Numbers of its oldest segment and of its newest. */
  readonly from: number;
  readonly to: number;
}

/** Runs of `RUN` or more; `segments` are newest first. */
function runsOf(segments: readonly Size[]): Run[] {
  const runs: Run[] = [];
  for (let start = 0; start < segments.length; ) {
    const newest = segments[start] as Size;
    const size = sizeOf(newest);
    let end = start;
    while (end + 1 < segments.length && sizeOf(segments[end + 1] as Size) === size) end++;
    if (size !== "large" && end - start + 1 >= RUN) {
      runs.push({ from: (segments[end] as Size).seq, to: newest.seq });
    }
    start = end + 1;
  }
  return runs;
}

function sizeOf({ count }: Size): "tiny" | "small" | "large" {
  if (count < TINY) return "tiny";
  return count < SMALL ? "small" : "large";
}
