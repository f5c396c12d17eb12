/**
 * Batches as a port: who works on which, how far it is, and what came of each request. Owns the shapes; knows
 * no driver. Every step is one transaction, so that a process may die between any two of them.
 */
import type {
  Batch,
  BatchIssue,
  BatchOrder,
  BatchResult,
  BatchStatus,
  FinalStatus,
} from "../core/batches.ts";

/** A process that works on batches holds each under its own name, for a while. */
export interface BatchHolder {
  /** New with every start of a process. */
  readonly owner: string;
  /** Epoch milliseconds. */
  readonly now: number;
  /** Until then nobody else may take the batch. */
  readonly leaseUntil: number;
}

export interface BatchStart {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly total: number;
  readonly model: string | null;
  /** Ids for the files that results go into. */
  readonly outputFileId: string;
  readonly errorFileId: string;
}

export interface BatchEnd {
  readonly status: FinalStatus;
  readonly at: number;
  readonly issues?: readonly BatchIssue[];
}

export interface BatchPage {
  readonly batches: readonly Batch[];
  readonly more: boolean;
}

export const MAX_BATCH_PAGE = 100;

export interface BatchStore {
  /**
   * `no_file`: the tenant has no such file of purpose `batch` any more. `too_many`: `maxLive` of the tenant's
   * batches are not over.
   */
  create(order: BatchOrder, maxLive: number): Promise<"created" | "no_file" | "too_many">;
  get(tenant: string, id: string): Promise<Batch | null>;
  /** Newest first. `after`: the id of the last one of the page before. */
  list(tenant: string, limit: number, after?: string): Promise<BatchPage>;
  /** From validating or in_progress to cancelling; null where the batch is neither. */
  cancel(tenant: string, id: string, at: number): Promise<Batch | null>;

  /**
   * Takes the oldest batch that is not over and that nobody holds. Batches of `busyTenants` are left alone
   * unless all they need is an end. Null: there is none.
   */
  claim(holder: BatchHolder, busyTenants: readonly string[]): Promise<Batch | null>;
  /** Holds on to everything of this owner, and says what that is and how it stands. */
  renew(holder: BatchHolder): Promise<readonly { readonly id: string; readonly status: BatchStatus }[]>;
  release(id: string, owner: string): Promise<void>;

  /** From validating to in_progress. Null: not validating, or no longer held by `owner`; as with `finalize`. */
  start(id: string, owner: string, start: BatchStart): Promise<Batch | null>;
  /**
   * Keeps what came of requests; when it resolves, that survives `kill -9`. A line that has a result keeps it;
   * a batch that is neither in_progress nor cancelling takes none.
   */
  record(id: string, results: readonly BatchResult[]): Promise<void>;
  /** Lines from `from` to `to`, both included, that have a result; in rising order. */
  recorded(id: string, from: number, to: number): Promise<readonly number[]>;
  /** From in_progress to finalizing: no result is taken any more. `expired`: the window is over. */
  finalize(id: string, owner: string, at: number, expired: boolean): Promise<Batch | null>;
  /**
   * Ends a batch from a status that `CONCLUDED_FROM` allows: its files can be seen, empty ones are dropped, and
   * nobody holds it. Null: it is in another status, or no longer held by `owner`.
   */
  conclude(id: string, owner: string, end: BatchEnd): Promise<Batch | null>;

  /** Forgets batches that are over and whose window closed before `expiredBefore`; answers with how many. */
  sweep(expiredBefore: number): Promise<number>;
}
