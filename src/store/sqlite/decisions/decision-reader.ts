/**
 * Finds decisions in their segments. Owns the searches; runs in the database's thread, so that a long one holds up
 * neither requests nor records.
 */
import type { Database } from "bun:sqlite";
import {
  type DecisionQuery,
  idRange,
  isByArrival,
  SPENT_PAGE,
  type SpentPage,
  type SpentQuery,
  type SpentSum,
} from "../../decision-store.ts";
import { SegmentColumns, unpack } from "./segment.ts";

export interface DecisionReader {
  /** Documents of the page, and one more where there is one. `limit` is a whole number above 0. */
  list(query: DecisionQuery): readonly string[];
  get(id: string): string | null;
  spent(query: SpentQuery): SpentPage;
}

/** Each search sees the records of one moment. */
export function createDecisionReader(database: Database): DecisionReader {
  const search = new Search(database);
  const list = database.transaction((query: DecisionQuery) => search.list(query));
  const get = database.transaction((id: string) => search.get(id));
  const spent = database.transaction((query: SpentQuery) => search.spent(query));
  return { list, get, spent };
}

/** Where a segment begins in the order of writing, and which ids it may have. */
interface Span {
  readonly seq: number;
  readonly minId: string;
  readonly maxId: string;
}

/** A record in its segment. */
interface Place {
  readonly segment: Segment;
  readonly place: number;
}

interface Segment {
  readonly seq: number;
  readonly columns: SegmentColumns;
}

interface Row {
  readonly seq: number;
  readonly columns: Uint8Array;
}

type Filter = Pick<DecisionQuery, "useCase" | "outcome" | "tenant">;

const SPAN = "SELECT seq, min_id AS minId, max_id AS maxId FROM decision_segments";
const ROW = "SELECT seq, columns FROM decision_segments";

class Search {
  readonly #spansWith;
  readonly #spansBetween;
  readonly #nextAbove;
  readonly #nextBelow;
  readonly #row;
  readonly #rowBefore;
  readonly #rowFrom;
  readonly #documents;

  constructor(database: Database) {
    this.#spansWith = database.prepare<Span, [string]>(
      `${SPAN} WHERE min_id <= ?1 AND max_id >= ?1 ORDER BY min_id DESC`,
    );
    this.#spansBetween = database.prepare<Span, [string, string]>(`${SPAN} WHERE max_id >= ? AND min_id < ?`);
    this.#nextAbove = database.prepare<Span, [string]>(`${SPAN} WHERE min_id > ? ORDER BY min_id LIMIT 1`);
    this.#nextBelow = database.prepare<Span, [string]>(
      `${SPAN} WHERE max_id < ? ORDER BY max_id DESC LIMIT 1`,
    );
    this.#row = database.prepare<Row, [number]>(`${ROW} WHERE seq = ?`);
    this.#rowBefore = database.prepare<Row, [number]>(`${ROW} WHERE seq < ? ORDER BY seq DESC LIMIT 1`);
    this.#rowFrom = database.prepare<Row, [number]>(`${ROW} WHERE seq >= ? ORDER BY seq LIMIT 1`);
    this.#documents = database.prepare<{ documents: Uint8Array }, [number]>(
      "SELECT documents FROM decision_segments WHERE seq = ?",
    );
  }

  list(query: DecisionQuery): readonly string[] {
    return this.#documentsOf(isByArrival(query) ? this.#arrived(query) : this.#written(query));
  }

  get(id: string): string | null {
    for (const { seq } of this.#spansWith.all(id)) {
      const segment = this.#load(seq);
      for (let place = 0; place < segment.columns.count; place++) {
        if (segment.columns.id(place) === id) return this.#documentsOf([{ segment, place }])[0] ?? null;
      }
    }
    return null;
  }

  spent({ since, until, before }: SpentQuery): SpentPage {
    const { from, to } = idRange({ since, until });
    const end = before !== undefined && before < to ? before : to;
    const page = this.#inOrderOfIds(from, end, SPENT_PAGE, "newest first", {});
    const sums = new Map<string, SpentSum>();
    for (const { segment, place } of page) {
      const cost = segment.columns.cost(place);
      if (cost === null || cost <= 0) continue;
      const tenant = segment.columns.tenant(place);
      const keyId = segment.columns.keyId(place);
      const useCase = segment.columns.useCase(place);
      const name = JSON.stringify([tenant, keyId, useCase]);
      sums.set(name, { tenant, keyId, useCase, cost: cost + (sums.get(name)?.cost ?? 0) });
    }
    const last = page.length < SPENT_PAGE ? undefined : page[SPENT_PAGE - 1];
    return { sums: [...sums.values()], cursor: last === undefined ? null : idOf(last) };
  }

  /** In the order of writing. Where both cursors are given, `before` counts. */
  #written(query: DecisionQuery): Place[] {
    const { before, after } = query;
    if (before !== undefined) return this.#writtenBefore(this.#nearest(before, "at or above"), query);
    if (after !== undefined) return this.#writtenFrom((this.#nearest(after, "at or below") ?? 0) + 1, query);
    return this.#writtenBefore(null, query);
  }

  /** Oldest first, record `number` among them. */
  #writtenFrom(number: number, query: DecisionQuery): Place[] {
    const found: Place[] = [];
    let next = number;
    for (let row = this.#holding(next); row !== null; row = this.#rowFrom.get(next)) {
      const segment = read(row);
      const end = segment.seq + segment.columns.count;
      for (next = Math.max(next, segment.seq); next < end; next++) {
        const place = next - segment.seq;
        if (matches(segment.columns, place, query)) found.push({ segment, place });
        if (found.length > query.limit) return found;
      }
    }
    return found;
  }

  /** Newest first, without record `number`; null: all. */
  #writtenBefore(number: number | null, query: DecisionQuery): Place[] {
    const found: Place[] = [];
    let end = number ?? Number.MAX_SAFE_INTEGER;
    for (let row = this.#rowBefore.get(end); row !== null; row = this.#rowBefore.get(end)) {
      const segment = read(row);
      for (let place = Math.min(segment.columns.count, end - segment.seq) - 1; place >= 0; place--) {
        if (matches(segment.columns, place, query)) found.push({ segment, place });
        if (found.length > query.limit) return found;
      }
      end = segment.seq;
    }
    return found;
  }

  /** The segment with record `number`, or the first after it. */
  #holding(number: number): Row | null {
    const row = this.#rowBefore.get(number + 1);
    if (row !== null && row.seq + new SegmentColumns(row.columns).count > number) return row;
    return this.#rowFrom.get(number);
  }

  #arrived(query: DecisionQuery): Place[] {
    const { from, to } = idRange(query);
    const { after = "", limit } = query;
    // What sorts next after a text is that text and a zero.
    const first = after < from ? from : `${after}\u0000`;
    return this.#inOrderOfIds(first, to, limit + 1, "oldest first", query);
  }

  /**
   * Up to `count` records with an id of `from` on and below `to`. Segments overlap, since a record is written when its
   * request ends and its id is made when it begins; so one segment more is read than its records are needed.
   */
  #inOrderOfIds(
    from: string,
    to: string,
    count: number,
    order: "oldest first" | "newest first",
    filter: Filter,
  ): Place[] {
    const sign = order === "oldest first" ? 1 : -1;
    const startOf = (span: Span) => (sign === 1 ? span.minId : span.maxId);
    const isBefore = (a: string, b: string) => (sign === 1 ? a < b : a > b);
    const byId = (a: Place, b: Place) => (isBefore(idOf(a), idOf(b)) ? -1 : 1);
    const spans = this.#spansBetween
      .all(from, to)
      .sort((a, b) => (isBefore(startOf(a), startOf(b)) ? -1 : 1));
    let found: Place[] = [];
    for (const span of spans) {
      const last = found[count - 1];
      if (last !== undefined && isBefore(idOf(last), startOf(span))) break;
      const segment = this.#load(span.seq);
      for (let place = 0; place < segment.columns.count; place++) {
        const id = segment.columns.id(place);
        if (id >= from && id < to && matches(segment.columns, place, filter)) found.push({ segment, place });
      }
      found = found.sort(byId).slice(0, count);
    }
    return found;
  }

  /** The number of the record with `id`; where there is none, of the one with the nearest id on that side. */
  #nearest(id: string, side: "at or above" | "at or below"): number | null {
    const above = side === "at or above";
    const beyond = above ? this.#nextAbove.get(id) : this.#nextBelow.get(id);
    const spans = this.#spansWith.all(id);
    if (beyond !== null) spans.push(beyond);
    let best: string | null = null;
    let at: number | null = null;
    for (const { seq } of spans) {
      const { columns } = this.#load(seq);
      for (let place = 0; place < columns.count; place++) {
        const other = columns.id(place);
        if (other === id) return seq + place;
        const isOnSide = above ? other > id : other < id;
        if (isOnSide && (best === null || (above ? other < best : other > best))) {
          best = other;
          at = seq + place;
        }
      }
    }
    return at;
  }

  /** A span was found in the same moment, so its segment is there. */
  #load(seq: number): Segment {
    const row = this.#row.get(seq);
    if (row === null) throw new Error(`There is no segment ${seq}.`);
    return read(row);
  }

  /** In the order of `places`; each segment is unpacked once. */
  #documentsOf(places: readonly Place[]): string[] {
    const bySegment = Map.groupBy(places, ({ segment }) => segment.seq);
    const texts = new Map<Place, string>();
    for (const [seq, some] of bySegment) {
      const ascending = some.toSorted((a, b) => a.place - b.place);
      const documents = unpack(this.#documents.get(seq)?.documents ?? new Uint8Array());
      const found = ascending[0]?.segment.columns.documentsAt(
        ascending.map(({ place }) => place),
        documents,
      );
      for (const [i, place] of ascending.entries()) texts.set(place, found?.[i] ?? "");
    }
    return places.map((place) => texts.get(place) ?? "");
  }
}

function read({ seq, columns }: Row): Segment {
  return { seq, columns: new SegmentColumns(columns) };
}

function idOf({ segment, place }: Place): string {
  return segment.columns.id(place);
}

function matches(columns: SegmentColumns, place: number, { useCase, outcome, tenant }: Filter): boolean {
  return (
    (useCase === undefined || columns.useCase(place) === useCase) &&
    (outcome === undefined || columns.outcome(place) === outcome) &&
    (tenant === undefined || columns.tenant(place) === tenant)
  );
}
