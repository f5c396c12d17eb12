/** The work on batches, joined to a running gateway. */
import type { Infer } from "../control/background/infer.ts";
import { type BatchPorts, DEFAULT_WORK_LIMITS } from "../control/batches/batch-ports.ts";
import { type BatchRunner, startBatchRunner } from "../control/batches/batch-runner.ts";
import { DEFAULT_UPLOAD_LIMITS } from "../control/files/file-ports.ts";
import type { BatchEndpoint } from "../core/batches.ts";
import type { Clock, Random } from "../core/clock.ts";
import type { Ids } from "../core/ids.ts";
import type { Store } from "../store/ports.ts";
import { describeThrown, type Log } from "./log.ts";

export interface BatchingParts {
  readonly store: Pick<Store, "files" | "batches">;
  readonly clock: Clock;
  readonly random: Random;
  readonly ids: Ids;
  readonly log: Log;
  serves(endpoint: BatchEndpoint): boolean;
  readonly infer: Infer;
}

export interface Batching {
  /** For the control interface. */
  readonly ports: BatchPorts;
  /** Starts nothing new; what is under way has `graceMs` to finish. Before the store is closed. */
  stop(graceMs: number): Promise<void>;
}

/** Starts looking for work at once: what an earlier process left goes on. */
export function startBatching(parts: BatchingParts): Batching {
  const { store, clock, random, ids, log, serves, infer } = parts;
  const shared = { files: store.files, batches: store.batches, clock, nextId: ids.next };
  const runner: BatchRunner = startBatchRunner({
    ...shared,
    random,
    infer,
    limits: DEFAULT_WORK_LIMITS,
    report: (batchId, thrown) =>
      log("error", "batch_error", { ...(batchId !== null && { batchId }), ...describeThrown(thrown) }),
  });
  return {
    ports: { ...shared, uploads: DEFAULT_UPLOAD_LIMITS, serves, changed: () => runner.wake() },
    stop: (graceMs) => runner.stop(graceMs),
  };
}
