/** The work on batches, joined to a running gateway. Owns how a request of a batch enters the one path. */

import { type BatchPorts, DEFAULT_WORK_LIMITS, type Infer } from "../control/batches/batch-ports.ts";
import { type BatchRunner, startBatchRunner } from "../control/batches/batch-runner.ts";
import { DEFAULT_UPLOAD_LIMITS } from "../control/files/file-ports.ts";
import type { BatchEndpoint } from "../core/batches.ts";
import type { Caller } from "../core/caller.ts";
import type { Clock, Random } from "../core/clock.ts";
import type { Ids } from "../core/ids.ts";
import { parseRetryAfter } from "../core/retry-after.ts";
import type { ConfigSnapshot } from "../core/snapshot.ts";
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

export interface InferenceDoor {
  /** Answers a request as if `caller` had sent it with a key. */
  handle(request: Request, caller: Caller): Promise<Response>;
  /** The policy in force. */
  snapshot(): ConfigSnapshot;
  readonly clock: Clock;
}

/** A request of a batch as an HTTP request through the data plane, in the latency tier `batch`. */
export function inferThrough({ handle, snapshot, clock }: InferenceDoor): Infer {
  return async (endpoint, body, stated, signal) => {
    const caller = currentCaller(snapshot(), stated);
    if (!caller) return KEY_GONE;
    const request = new Request(`http://batch.internal${endpoint}`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-pointsman-latency-tier": "batch" },
      body: JSON.stringify(body),
      signal,
    });
    const response = await handle(request, caller);
    return {
      status: response.status,
      requestId: response.headers.get("x-request-id") ?? "",
      body: await response.json(),
      retryAfterMs: parseRetryAfter(response.headers.get("retry-after"), clock.now()),
    };
  };
}

/** As the policy says now, a day later: a key that was taken away, or given to another tenant, has no say. */
function currentCaller(snapshot: ConfigSnapshot, { keyId, tenant }: Caller): Caller | null {
  const key = snapshot.keys.find((known) => known.id === keyId && known.tenant === tenant);
  if (!key) return null;
  const { tier, role, useCases } = key;
  return { keyId, tenant, tier, role, useCases };
}

const KEY_GONE = {
  status: 401,
  requestId: "",
  body: {
    error: {
      message: "The key that made this batch is not in the policy any more.",
      type: "unauthenticated",
      code: "invalid_api_key",
      param: null,
    },
  },
};
