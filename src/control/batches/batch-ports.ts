/** What the verbs on batches work with, and the bounds of the work. */
import type { BatchEndpoint } from "../../core/batches.ts";
import type { Random } from "../../core/clock.ts";
import type { PatientBackoff } from "../../resilience/backoff.ts";
import type { BatchStore } from "../../store/batch-store.ts";
import type { Infer } from "../background/infer.ts";
import type { FilePorts } from "../files/file-ports.ts";

/** What HTTP needs: batches are made, looked at and cancelled, and somebody else works on them. */
export interface BatchPorts extends FilePorts {
  readonly batches: BatchStore;
  /** Whether this gateway answers requests at the path. */
  serves(endpoint: BatchEndpoint): boolean;
  /** There is something new to do. */
  changed(): void;
}

/** What working on batches needs. */
export interface WorkPorts extends Pick<BatchPorts, "files" | "batches" | "clock" | "nextId"> {
  readonly random: Random;
  readonly infer: Infer;
  readonly limits: WorkLimits;
  /** For the operator's log; the batch is null where it is about none. */
  report(batchId: string | null, thrown: unknown): void;
}

export interface WorkLimits extends PatientBackoff {
  /** Requests at once, of all batches of this process. */
  readonly concurrent: number;
  /** Batches this process works on at once, and of one tenant. */
  readonly batches: number;
  readonly batchesPerTenant: number;
  /** Bytes of requests that one batch has in hand; a single larger one goes alone. */
  readonly bytesInHand: number;
  /** How often a request that was throttled is made again. */
  readonly retries: number;
  /** A batch is another process's to take when this one has not renewed its lease for so long. */
  readonly leaseMs: number;
  /** Between two looks at what is being worked on: renews leases, sees cancellations and the end of windows. */
  readonly watchMs: number;
  /** Between two looks for work while there is none. */
  readonly idleMs: number;
  /** Between two rounds of freeing what nobody needs, and how long batches that are over are remembered. */
  readonly sweepMs: number;
  readonly rememberMs: number;
}

const MINUTE_MS = 60_000;

export const DEFAULT_WORK_LIMITS: WorkLimits = {
  concurrent: 8,
  batches: 16,
  batchesPerTenant: 2,
  bytesInHand: 16 * 1024 * 1024,
  retries: 12,
  backoffBaseMs: 1_000,
  backoffMaxMs: MINUTE_MS,
  retryAfterMaxMs: 10 * MINUTE_MS,
  leaseMs: 10_000,
  watchMs: 500,
  idleMs: 5_000,
  sweepMs: MINUTE_MS,
  rememberMs: 90 * 24 * 60 * MINUTE_MS,
};

/** Bounds of an input file. A line is bounded as the body of a request is. */
export const MAX_INPUT_LINES = 50_000;
export const MAX_INPUT_BYTES = 200 * 1024 * 1024;
export const MAX_LINE_BYTES = 20 * 1024 * 1024;
/** Levels of JSON in a line: what inference takes, and the line around it. */
export const MAX_LINE_DEPTH = 65;
