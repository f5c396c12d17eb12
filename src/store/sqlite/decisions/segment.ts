/**
 * Decisions that were written together, as they travel to the database's thread and as they are kept. Owns both forms;
 * knows neither thread nor database. Lengths, not separators, so that no name in a record can break it.
 */
import type { DecisionOutcome } from "../../../core/decision.ts";
import type { DecisionRecord } from "../../decision-store.ts";
import { StoreError } from "../../store-error.ts";

/** What a record has in the columns, in this order. `LENGTH`: of its document, in UTF-16 units. */
const ID = 0;
const USE_CASE = 1;
const TENANT = 2;
const OUTCOME = 3;
const KEY_ID = 4;
const COST = 5;
const LENGTH = 6;
const FIELDS = 7;

type Column = string | number | null;

/** Three texts that make a segment, the first two as JSON. */
export interface SegmentTexts {
  readonly range: SegmentRange;
  /** Of every record what can be asked for: `FIELDS` values each. */
  readonly columns: string;
  /** The documents, end to end. */
  readonly documents: string;
}

/** Which records a segment has: none with an id below `minId` or above `maxId`. */
export interface SegmentRange {
  readonly count: number;
  readonly minId: string;
  readonly maxId: string;
}

/** One string costs the least to hand over to a thread. `batch` is not empty. */
export function encodeSegment(batch: readonly DecisionRecord[]): string {
  const columns: Column[] = [];
  let documents = "";
  let minId = batch[0]?.id ?? "";
  let maxId = minId;
  for (const { id, useCase, tenant, outcome, keyId, cost, document } of batch) {
    if (id < minId) minId = id;
    if (id > maxId) maxId = id;
    columns.push(id, useCase, tenant, outcome, keyId, cost, document.length);
    documents += document;
  }
  const range: SegmentRange = { count: batch.length, minId, maxId };
  return `${JSON.stringify(range)}\n${JSON.stringify(columns)}\n${documents}`;
}

export function decodeSegment(text: string): SegmentTexts {
  const rangeEnd = text.indexOf("\n");
  const columnsEnd = text.indexOf("\n", rangeEnd + 1);
  return {
    range: JSON.parse(text.slice(0, rangeEnd)) as SegmentRange,
    columns: text.slice(rangeEnd + 1, columnsEnd),
    documents: text.slice(columnsEnd + 1),
  };
}

/** One segment out of several, in their order. */
export function joinSegments(segments: readonly SegmentTexts[]): SegmentTexts {
  const ranges = segments.map(({ range }) => range);
  return {
    range: {
      count: ranges.reduce((sum, { count }) => sum + count, 0),
      minId: ranges.map(({ minId }) => minId).sort()[0] ?? "",
      maxId:
        ranges
          .map(({ maxId }) => maxId)
          .sort()
          .at(-1) ?? "",
    },
    columns: `[${segments.map(({ columns }) => columns.slice(1, -1)).join(",")}]`,
    documents: segments.map(({ documents }) => documents).join(""),
  };
}

/**
 * Zstandard at its lowest level: documents of one gateway are much alike, so that a twentieth remains, and writing that
 * costs less than is spent on making it.
 */
export function pack(text: string): Uint8Array {
  return Bun.zstdCompressSync(text, { level: 1 });
}

/** Throws a `StoreError` of kind `corrupt`. */
export function unpack(bytes: Uint8Array): string {
  try {
    return Bun.zstdDecompressSync(bytes).toString();
  } catch {
    throw new StoreError(
      "corrupt",
      "Decision records in the database are damaged. Move the file and its -wal and -shm files away to start with " +
        "an empty one, or restore a backup.",
    );
  }
}

/** The columns of a segment, read: records by their place in it, from 0. */
export class SegmentColumns {
  readonly count: number;
  readonly #values: readonly Column[];

  constructor(packed: Uint8Array) {
    this.#values = JSON.parse(unpack(packed)) as readonly Column[];
    this.count = this.#values.length / FIELDS;
  }

  id(place: number): string {
    return this.#at(place, ID) as string;
  }

  useCase(place: number): string | null {
    return this.#at(place, USE_CASE) as string | null;
  }

  tenant(place: number): string {
    return this.#at(place, TENANT) as string;
  }

  outcome(place: number): DecisionOutcome {
    return this.#at(place, OUTCOME) as DecisionOutcome;
  }

  keyId(place: number): string {
    return this.#at(place, KEY_ID) as string;
  }

  /** Nano-dollars; null where it is not known. */
  cost(place: number): number | null {
    return this.#at(place, COST) as number | null;
  }

  /** The documents of `places`, which ascend, out of all of the segment's. */
  documentsAt(places: readonly number[], documents: string): string[] {
    const found: string[] = [];
    let start = 0;
    let place = 0;
    for (const wanted of places) {
      for (; place < wanted; place++) start += this.#at(place, LENGTH) as number;
      found.push(documents.slice(start, start + (this.#at(wanted, LENGTH) as number)));
    }
    return found;
  }

  #at(place: number, field: number): Column {
    return this.#values[place * FIELDS + field] ?? null;
  }
}
