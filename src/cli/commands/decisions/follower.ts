/**
 * What has been seen of a growing log, and from where to ask on. Ids sort by when requests arrived, records
 * appear when requests end: a slow request turns up before faster ones that were printed already. So the
 * cursor lags behind, and what comes again is left out. Owns that memory; asks nobody.
 */

interface Seen {
  readonly id: string;
  readonly at: number;
}

/** Records kept to recognise; also how many faster requests may end before a slow one is missed. */
export const OVERLAP = 100;
/** No request lasts longer: batch work has ten minutes by default. */
const LONGEST_REQUEST_MS = 15 * 60_000;

export class Follower {
  /** Ascending by id. The first is the cursor, the others are those after it. */
  #seen: readonly Seen[] = [];

  /** Ask for what is newer than this id; undefined before anything was seen. */
  get cursor(): string | undefined {
    return this.#seen[0]?.id;
  }

  /** Those of `records` that were not handed out before, in the order given. `now` is epoch milliseconds. */
  take<Record extends Seen>(records: readonly Record[], now: number): readonly Record[] {
    const known = new Set(this.#seen.map(({ id }) => id));
    const fresh = records.filter(({ id }) => !known.has(id));
    const all = [...this.#seen, ...fresh.map(({ id, at }) => ({ id, at }))];
    all.sort((a, b) => (a.id < b.id ? -1 : 1));
    const young = all.filter(({ at }) => at >= now - LONGEST_REQUEST_MS).length;
    this.#seen = all.slice(-Math.min(OVERLAP + 1, Math.max(1, young)));
    return fresh;
  }
}
