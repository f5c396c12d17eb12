/**
 * Jobs as a port: how each stands, what came of it, and whether its application was told. Owns the shapes; knows no
 * driver and no queue. Every step is one transaction, and the first end of a job is its end.
 */
import type {
  FinalJobStatus,
  Job,
  JobAnswer,
  JobFault,
  JobOrder,
  JobStatus,
  JobTerms,
  LiveJobStatus,
} from "../core/jobs.ts";

/** A job as it is submitted. */
export interface NewJob {
  readonly order: JobOrder;
  /** Unique within the tenant; null: none. */
  readonly idempotencyKey: string | null;
  /** Of what was asked for, so that a key that is used for something else is noticed. */
  readonly fingerprint: string;
  /** Not to be run before so many milliseconds have passed. */
  readonly delayMs: number;
}

/** What one tenant may have waiting. */
export interface JobBounds {
  readonly maxLive: number;
  /** Of requests together. */
  readonly maxLiveBytes: number;
  /**
   * Epoch milliseconds: a job that was sent before and never came back here does not count, since another replica
   * may have done it. 0 where there is no other.
   */
  readonly countedSince: number;
}

export type JobCreation =
  | { readonly type: "created"; readonly job: Job }
  /** The idempotency key was used before. */
  | {
      readonly type: "exists";
      readonly job: Job;
      readonly fingerprint: string;
      readonly unsent: UnsentJob | null;
    }
  | { readonly type: "full" };

/** A job that the queue may not have yet. */
export interface UnsentJob {
  readonly order: JobOrder;
  /** From its creation on. */
  readonly delayMs: number;
}

export interface JobEnd {
  readonly status: FinalJobStatus;
  readonly at: number;
  readonly fault: JobFault | null;
  readonly answer: JobAnswer | null;
  /** JSON; null: there is none. */
  readonly result: string | null;
  /** It goes to the dead letters. */
  readonly dead: boolean;
  /** Whether its application is to be told: not where another replica may have told of another end. */
  readonly tell: boolean;
  /** Names the message that tells of this end. */
  readonly messageId: string;
}

export interface JobQuery {
  /** Null: every tenant's. */
  readonly tenant: string | null;
  /** 1 to `MAX_JOB_PAGE`. */
  readonly limit: number;
  /** The id of the last one of the page before. */
  readonly after?: string;
  readonly status?: JobStatus;
  readonly useCase?: string;
}

/** Newest first. */
export interface JobPage {
  readonly jobs: readonly Job[];
  readonly more: boolean;
}

export const MAX_JOB_PAGE = 100;

export type WebhookOutcome =
  | { readonly type: "delivered" }
  | { readonly type: "again"; readonly at: number; readonly error: string }
  | { readonly type: "dead"; readonly error: string };

/** Live jobs of one use case in one status. */
export interface JobCount {
  readonly useCase: string;
  readonly status: LiveJobStatus;
  readonly count: number;
  /** When the oldest of them was submitted. */
  readonly oldestAt: number;
}

export interface JobStore {
  /** When it resolves, the job survives `kill -9`. */
  create(job: NewJob, bounds: JobBounds): Promise<JobCreation>;
  /** The queue has it: its request is kept there and no longer here. */
  markSent(id: string): Promise<void>;
  /** Those that were created before and that the queue may not have, oldest first. */
  unsent(createdBefore: number, limit: number): Promise<readonly UnsentJob[]>;
  /** The job of a message; made of the message where this store does not know it, with the terms' deadline or this. */
  adopt(terms: JobTerms, expiresAt?: number): Promise<Job>;

  /** Null also where it is another tenant's; `tenant` null: anybody's. */
  get(tenant: string | null, id: string): Promise<Job | null>;
  /** JSON; null: there is none, or none any more. */
  result(id: string): Promise<string | null>;
  list(query: JobQuery): Promise<JobPage>;
  /** Of those of `ids` that are known. */
  statuses(ids: readonly string[]): Promise<ReadonlyMap<string, JobStatus>>;

  /** A try begins, and is counted. Null: the job is over. */
  begin(id: string, at: number): Promise<Job | null>;
  /** The try `attempt` failed and another is to come at `at`. False: it is another try's by now, or over. */
  retry(id: string, attempt: number, at: number, fault: JobFault): Promise<boolean>;
  /** The try `attempt` was none: its process ends. */
  giveBack(id: string, attempt: number): Promise<boolean>;
  /** Null where the job is over already: that end stays. */
  conclude(id: string, end: JobEnd): Promise<Job | null>;
  /**
   * A dead one, or one that ended as `NOT_DONE_HERE`, waits again, its attempts counted anew, with as much time from `now` on as it was given at first.
   * `diedAt`: when it ended. False: it is not dead, not known, or has died again since.
   */
  revive(id: string, diedAt: number, now: number): Promise<boolean>;
  /** A dead one stays failed and has no dead letter any more. False as for `revive`. */
  abandon(id: string, diedAt: number): Promise<boolean>;

  /** Origins of webhooks that are due now, the one that has waited longest first. */
  dueReceivers(now: number): Promise<readonly string[]>;
  /** Takes a receiver's oldest webhooks that are due now; until `heldUntil` nobody else is given them. */
  takeDueWebhooks(receiver: string, now: number, heldUntil: number, limit: number): Promise<readonly Job[]>;
  /** Notes what became of a try. `messageId`: of the end that was told. */
  noteWebhook(id: string, messageId: string, outcome: WebhookOutcome): Promise<void>;
  /** Its end is told again, under the same id. Null: it is not over, or has no webhook. */
  redeliver(tenant: string, id: string, now: number): Promise<Job | null>;

  /** Live ones that were to be done before `waiting`, or before `running` where they run. */
  overdue(
    before: { readonly waiting: number; readonly running: number },
    limit: number,
  ): Promise<readonly Job[]>;
  /**
   * Forgets jobs that ended before, with their results; answers with how many. Those that are dead only where they died
   * before `diedBefore`: whoever puts their letters back goes on with their records.
   */
  sweep(endedBefore: number, diedBefore?: number): Promise<number>;
  counts(): Promise<readonly JobCount[]>;
}
