/** Decision records that end with the process: bounded, the oldest leave first. */
import {
  type DecisionQuery,
  type DecisionRecord,
  type DecisionStore,
  idRange,
  isByArrival,
  pageOf,
  parseRecord,
  SPENT_PAGE,
  type SpentPage,
  type SpentQuery,
  type SpentSum,
} from "../decision-store.ts";
import { pageLimit } from "../paging.ts";

export function memoryDecisions(capacity: number, assertOpen: () => void): DecisionStore {
  const byId = new Map<string, DecisionRecord>();
  /** In the order of writing. */
  const written: DecisionRecord[] = [];
  return {
    async append(batch) {
      assertOpen();
      for (const decision of batch) {
        if (byId.has(decision.id)) continue;
        byId.set(decision.id, decision);
        written.push(decision);
      }
      const excess = written.length - capacity;
      if (excess > 0) for (const old of written.splice(0, excess)) byId.delete(old.id);
    },
    async list(query) {
      assertOpen();
      const limit = pageLimit(query.limit);
      const found = isByArrival(query) ? arrived(written, query) : select(written, query, limit + 1);
      return pageOf(found.slice(0, limit + 1).map(parseRecord), limit);
    },
    async get(id) {
      assertOpen();
      const record = byId.get(id);
      return record ? parseRecord(record) : null;
    },
    async spent(query) {
      assertOpen();
      return sumSpent(written, query);
    },
  };
}

/** Sums of one page, the latest requests first. */
function sumSpent(written: readonly DecisionRecord[], query: SpentQuery): SpentPage {
  const { since, until, before } = query;
  const all = arrived(written, { limit: 1, since, until }).filter(
    ({ id }) => before === undefined || id < before,
  );
  const page = all.slice(-SPENT_PAGE);
  const sums = new Map<string, SpentSum>();
  for (const { tenant, keyId, useCase, cost } of page.map(parseRecord)) {
    if (cost === null || cost <= 0) continue;
    const name = JSON.stringify([tenant, keyId, useCase]);
    sums.set(name, { tenant, keyId, useCase, cost: cost + (sums.get(name)?.cost ?? 0) });
  }
  return { sums: [...sums.values()], cursor: all.length < SPENT_PAGE ? null : (page[0]?.id ?? null) };
}

/** All matches that arrived in the query's time, oldest first. */
function arrived(written: readonly DecisionRecord[], query: DecisionQuery): DecisionRecord[] {
  const { from, to } = idRange(query);
  const { after = "" } = query;
  return written
    .filter((one) => one.id >= from && one.id < to && one.id > after && matches(one, query))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** The first `count` matches in the query's direction. */
function select(written: readonly DecisionRecord[], query: DecisionQuery, count: number): DecisionRecord[] {
  const found: DecisionRecord[] = [];
  const forward = query.after !== undefined && query.before === undefined;
  const step = forward ? 1 : -1;
  for (let i = startOf(written, query); found.length < count; i += step) {
    const decision = written[i];
    if (!decision) break;
    if (matches(decision, query)) found.push(decision);
  }
  return found;
}

/** A cursor whose record is gone stands for its nearest neighbour by id. */
function startOf(written: readonly DecisionRecord[], { before, after }: DecisionQuery): number {
  if (before !== undefined) {
    const at = nearest(written, (id, best) => id >= before && (best === null || id < best));
    return at === -1 ? written.length - 1 : at - 1;
  }
  if (after === undefined) return written.length - 1;
  return nearest(written, (id, best) => id <= after && (best === null || id > best)) + 1;
}

/** Index of the record whose id `isNearer` than every other's, -1 where none qualifies. */
function nearest(
  written: readonly DecisionRecord[],
  isNearer: (id: string, best: string | null) => boolean,
): number {
  let best: string | null = null;
  let at = -1;
  written.forEach(({ id }, i) => {
    if (!isNearer(id, best)) return;
    best = id;
    at = i;
  });
  return at;
}

function matches(decision: DecisionRecord, query: DecisionQuery): boolean {
  return (
    (query.useCase === undefined || decision.useCase === query.useCase) &&
    (query.outcome === undefined || decision.outcome === query.outcome) &&
    (query.tenant === undefined || decision.tenant === query.tenant)
  );
}
