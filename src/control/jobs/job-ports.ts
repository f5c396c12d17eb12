/** What the verbs on jobs and the work on them need, and the bounds of the work. */
import type { Caller } from "../../core/caller.ts";
import type { Clock, Random } from "../../core/clock.ts";
import { type Fault, fault, type Result } from "../../core/faults.ts";
import type { FinalJobStatus, JobEndpoint } from "../../core/jobs.ts";
import type { ConfigSnapshot } from "../../core/snapshot.ts";
import type { PatientBackoff } from "../../resilience/backoff.ts";
import type { JobQueue, QueueDepth } from "../../store/job-queue.ts";
import type { JobCount, JobStore } from "../../store/job-store.ts";
import type { Infer } from "../background/infer.ts";

/** What HTTP needs: jobs are submitted, looked at and ended, and somebody else works on them. */
export interface JobPorts {
  readonly jobs: JobStore;
  readonly queue: JobQueue;
  readonly clock: Clock;
  readonly nextId: (prefix: string) => string;
  /** Whether other replicas, whose records are not these, take jobs off the queue. */
  readonly sharedQueue: boolean;
  /** The policy in force; with a caller, the one that takes over from it where that alone has the key. */
  snapshot(caller?: Caller): ConfigSnapshot;
  /** Whether the request would be understood, and what it asks for. Faults as the endpoint's own. */
  check(
    endpoint: JobEndpoint,
    body: Readonly<Record<string, unknown>>,
    headers: Readonly<Record<string, string>>,
  ): Promise<Result<CheckedRequest>>;
  /** There is something new to do. */
  changed(): void;
  /** A webhook is to be told. */
  ended(): void;
  /** The job is over, whatever comes of its try. */
  cancelled(id: string): void;
}

export interface CheckedRequest {
  /** Id or alias of a use case. */
  readonly target: string;
  readonly stream: boolean;
}

/** What waits, as it was a moment ago. */
export interface JobStats {
  readonly counts: readonly JobCount[];
  /** Null before it was first known. */
  readonly depth: QueueDepth | null;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** What happened, for metrics. */
export interface JobEvents {
  ended(useCase: string, status: FinalJobStatus, dead: boolean): void;
  retried(useCase: string, kind: string): void;
  /** One request for so many jobs. */
  batched(useCase: string, jobs: number): void;
}

/** What working on jobs needs. */
export interface JobWorkPorts {
  readonly jobs: JobStore;
  readonly queue: JobQueue;
  readonly clock: Clock;
  readonly random: Random;
  readonly nextId: (prefix: string) => string;
  readonly sharedQueue: boolean;
  readonly infer: Infer;
  readonly limits: JobWorkLimits;
  readonly events: JobEvents;
  snapshot(): ConfigSnapshot;
  /** A webhook is to be told. */
  ended(): void;
  /** For the operator's log; the job is null where it is about none. */
  report(jobId: string | null, thrown: unknown): void;
}

export interface JobWorkLimits extends PatientBackoff {
  /** A message is another process's to take when this one has not held on to it for so long. */
  readonly visibilityMs: number;
  /** Messages in hand, running ones included; and asked for at once. */
  readonly inHand: number;
  readonly receiveAtOnce: number;
  /** Bytes of messages in hand; a single larger one goes alone. */
  readonly bytesInHand: number;
  /** Between two looks at what is in hand: holds on to it, sees cancellations and deadlines. */
  readonly watchMs: number;
  /** Between two looks for work while there is none. */
  readonly idleMs: number;
  /** Between two looks at what was left behind, and how old that must be. */
  readonly tidyMs: number;
  /** Between two rounds of forgetting what is long over. */
  readonly sweepMs: number;
  /** Characters of a result. */
  readonly maxResultChars: number;
}

const MINUTE_MS = 60_000;

export const DEFAULT_JOB_WORK_LIMITS: JobWorkLimits = {
  visibilityMs: 20_000,
  inHand: 1_000,
  receiveAtOnce: 32,
  bytesInHand: 64 * 1024 * 1024,
  watchMs: 250,
  idleMs: 1_000,
  tidyMs: 5_000,
  sweepMs: MINUTE_MS,
  backoffBaseMs: 1_000,
  backoffMaxMs: 5 * MINUTE_MS,
  retryAfterMaxMs: 60 * MINUTE_MS,
  maxResultChars: 32 * 1024 * 1024,
};

/** How long a job may take from its submission on, retries and waits included. */
export const DEFAULT_DEADLINE_SECONDS = 24 * 3600;
export const MAX_DEADLINE_SECONDS = 7 * 24 * 3600;

export function unknownJob(): Fault {
  return fault("not_found", "unknown_job", "No job of this tenant has this id.");
}
