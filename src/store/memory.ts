/** A store that forgets with the process: bounded, for `--data :memory:` and tests. Touches no disk. */
import type { Clock } from "../core/clock.ts";
import { memoryActivations } from "./activation-store-memory.ts";
import { memoryAnswers } from "./answer-store-memory.ts";
import { memoryAudit } from "./audit-store-memory.ts";
import { type MemoryBatches, memoryBatches, readsOrWrites } from "./batch-store-memory.ts";
import { memoryCircuitOrders } from "./circuit-orders-memory.ts";
import { type MemoryFiles, memoryFiles } from "./file-store-memory.ts";
import { memoryJobQueue } from "./job-queue-memory.ts";
import { memoryJobs } from "./job-store-memory.ts";
import { pageLimit, pageOf, parseRecord } from "./paging.ts";
import { memoryPolicyHeads } from "./policy-heads-memory.ts";
import {
  type DecisionQuery,
  type DecisionRecord,
  type DecisionStore,
  idRange,
  isByArrival,
  SPENT_PAGE,
  type SpentPage,
  type SpentQuery,
  type SpentSum,
  type Store,
} from "./ports.ts";
import { StoreError } from "./store-error.ts";
import { memoryTickets } from "./ticket-store-memory.ts";

const DEFAULT_CAPACITY = 10_000;

export interface MemoryStoreOptions {
  /** Decisions kept; the oldest leave first. Default 10,000, about 1 KB each. */
  readonly capacity?: number;
  /** By which messages of the queue wait and come back. Default: one that stands still, where time is no matter. */
  readonly clock?: Pick<Clock, "now">;
}

export function createMemoryStore(options: MemoryStoreOptions = {}): Store {
  const gate = { closed: false };
  const files: MemoryFiles = new Map();
  const batches: MemoryBatches = new Map();
  const check = () => assertOpen(gate);
  return {
    decisions: memoryDecisions(options.capacity ?? DEFAULT_CAPACITY, gate),
    activations: memoryActivations(check),
    files: memoryFiles({ files, assertOpen: check, inUse: (id) => readsOrWrites(batches, id) }),
    batches: memoryBatches({ files, batches, assertOpen: check }),
    answers: memoryAnswers(check),
    tickets: memoryTickets(check),
    policyHeads: memoryPolicyHeads(check),
    audit: memoryAudit(check),
    circuitOrders: memoryCircuitOrders(check),
    queue: memoryJobQueue({ clock: options.clock ?? { now: () => 0 }, assertOpen: check }),
    jobs: memoryJobs(check),
    async close() {
      gate.closed = true;
    },
  };
}

interface Gate {
  closed: boolean;
}

function assertOpen(gate: Gate): void {
  if (gate.closed) throw new StoreError("closed", "The store is closed.");
}

function memoryDecisions(capacity: number, gate: Gate): DecisionStore {
  const byId = new Map<string, DecisionRecord>();
  /** In the order of writing. */
  const written: DecisionRecord[] = [];
  return {
    async append(batch) {
      assertOpen(gate);
      for (const decision of batch) {
        if (byId.has(decision.id)) continue;
        byId.set(decision.id, decision);
        written.push(decision);
      }
      const excess = written.length - capacity;
      if (excess > 0) for (const old of written.splice(0, excess)) byId.delete(old.id);
    },
    async list(query) {
      assertOpen(gate);
      const limit = pageLimit(query.limit);
      const found = isByArrival(query) ? arrived(written, query) : select(written, query, limit + 1);
      return pageOf(found.slice(0, limit + 1).map(parseRecord), limit);
    },
    async get(id) {
      assertOpen(gate);
      const record = byId.get(id);
      return record ? parseRecord(record) : null;
    },
    async spent(query) {
      assertOpen(gate);
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
