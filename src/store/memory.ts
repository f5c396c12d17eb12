/** A store that forgets with the process: bounded, for `--data :memory:` and tests. Touches no disk. */
import type { Decision } from "../core/decision.ts";
import { pageLimit, pageOf } from "./paging.ts";
import type { Activation, ActivationStore, DecisionQuery, DecisionStore, Store } from "./ports.ts";
import { StoreError } from "./store-error.ts";

const DEFAULT_CAPACITY = 10_000;
const ACTIVATION_CAPACITY = 1_000;

export interface MemoryStoreOptions {
  /** Decisions kept; the oldest leave first. Default 10,000, about 1 KB each. */
  readonly capacity?: number;
}

export function createMemoryStore(options: MemoryStoreOptions = {}): Store {
  const gate = { closed: false };
  return {
    decisions: memoryDecisions(options.capacity ?? DEFAULT_CAPACITY, gate),
    activations: memoryActivations(gate),
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
  const byId = new Map<string, Decision>();
  /** Ascending by id, which is by time. */
  const sorted: Decision[] = [];
  return {
    async append(batch) {
      assertOpen(gate);
      for (const decision of batch) {
        if (byId.has(decision.id)) continue;
        byId.set(decision.id, decision);
        // Nearly always the newest; a long request ends after shorter ones that began later.
        const last = sorted.at(-1);
        if (!last || last.id < decision.id) sorted.push(decision);
        else sorted.splice(firstAtOrAfter(sorted, decision.id), 0, decision);
      }
      const excess = sorted.length - capacity;
      if (excess > 0) for (const old of sorted.splice(0, excess)) byId.delete(old.id);
    },
    async list(query) {
      assertOpen(gate);
      const limit = pageLimit(query.limit);
      return pageOf(select(sorted, query, limit + 1), limit);
    },
    async get(id) {
      assertOpen(gate);
      return byId.get(id) ?? null;
    },
  };
}

/** The first `count` matches in the query's direction. */
function select(sorted: readonly Decision[], query: DecisionQuery, count: number): Decision[] {
  const found: Decision[] = [];
  const forward = query.after !== undefined && query.before === undefined;
  const step = forward ? 1 : -1;
  for (let i = startOf(sorted, query); found.length < count; i += step) {
    const decision = sorted[i];
    if (!decision) break;
    if (matches(decision, query)) found.push(decision);
  }
  return found;
}

function startOf(sorted: readonly Decision[], query: DecisionQuery): number {
  if (query.before !== undefined) return firstAtOrAfter(sorted, query.before) - 1;
  if (query.after === undefined) return sorted.length - 1;
  const at = firstAtOrAfter(sorted, query.after);
  return sorted[at]?.id === query.after ? at + 1 : at;
}

function matches(decision: Decision, query: DecisionQuery): boolean {
  return (
    (query.useCase === undefined || decision.useCase === query.useCase) &&
    (query.outcome === undefined || decision.outcome === query.outcome) &&
    (query.tenant === undefined || decision.tenant === query.tenant)
  );
}

/** Index of the first record whose id is not before `id`; the length where there is none. */
function firstAtOrAfter(sorted: readonly Decision[], id: string): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const decision = sorted[middle];
    if (decision && decision.id < id) low = middle + 1;
    else high = middle;
  }
  return low;
}

function memoryActivations(gate: Gate): ActivationStore {
  const kept: Activation[] = [];
  return {
    async record(activation) {
      assertOpen(gate);
      if (kept.some((other) => other.id === activation.id)) return;
      kept.push(activation);
      if (kept.length > ACTIVATION_CAPACITY) kept.shift();
    },
    async list(limit) {
      assertOpen(gate);
      return kept.toSorted(newestFirst).slice(0, pageLimit(limit));
    },
  };
}

function newestFirst(a: Activation, b: Activation): number {
  return b.at - a.at || (a.id < b.id ? 1 : -1);
}
