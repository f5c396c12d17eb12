/** A store that forgets with the process: bounded, for `--data :memory:` and tests. Touches no disk. */
import type { Clock } from "../../core/clock.ts";
import type { Store } from "../ports.ts";
import { StoreError } from "../store-error.ts";
import { memoryActivations } from "./activation-store.ts";
import { memoryAnswers } from "./answer-store.ts";
import { memoryAudit } from "./audit-store.ts";
import { type MemoryBatches, memoryBatches, readsOrWrites } from "./batch-store.ts";
import { memoryCircuitOrders } from "./circuit-orders.ts";
import { memoryDecisions } from "./decision-store.ts";
import { type MemoryFiles, memoryFiles } from "./file-store.ts";
import { memoryJobQueue } from "./job-queue.ts";
import { memoryJobs } from "./job-store.ts";
import { memoryPolicyHeads } from "./policy-heads.ts";
import { memoryTickets } from "./ticket-store.ts";

const DEFAULT_CAPACITY = 10_000;

export interface MemoryStoreOptions {
  /** Decisions kept; the oldest leave first. Default 10,000, about 1 KB each. */
  readonly capacity?: number;
  /** By which messages of the queue wait and come back. Default: one that stands still, where time is no matter. */
  readonly clock?: Pick<Clock, "now">;
}

export function createMemoryStore(options: MemoryStoreOptions = {}): Store {
  let closed = false;
  const files: MemoryFiles = new Map();
  const batches: MemoryBatches = new Map();
  const assertOpen = () => {
    if (closed) throw new StoreError("closed", "The store is closed.");
  };
  return {
    decisions: memoryDecisions(options.capacity ?? DEFAULT_CAPACITY, assertOpen),
    activations: memoryActivations(assertOpen),
    files: memoryFiles({ files, assertOpen, inUse: (id) => readsOrWrites(batches, id) }),
    batches: memoryBatches({ files, batches, assertOpen }),
    answers: memoryAnswers(assertOpen),
    tickets: memoryTickets(assertOpen),
    policyHeads: memoryPolicyHeads(assertOpen),
    audit: memoryAudit(assertOpen),
    circuitOrders: memoryCircuitOrders(assertOpen),
    queue: memoryJobQueue({ clock: options.clock ?? { now: () => 0 }, assertOpen }),
    jobs: memoryJobs(assertOpen),
    async close() {
      closed = true;
    },
  };
}
