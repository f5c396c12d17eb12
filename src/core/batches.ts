/**
 * A batch: requests that come in one file and are answered within a day. Owns its shape and which status may
 * end as which; knows no store, no file format and no HTTP.
 */
import type { Caller } from "./caller.ts";

/** What the requests of a batch may be. */
export const BATCH_ENDPOINTS = [
  "/v1/chat/completions",
  "/v1/responses",
  "/v1/embeddings",
  "/v1/messages",
] as const;
export type BatchEndpoint = (typeof BATCH_ENDPOINTS)[number];

/** Somebody still has to work on a batch in one of these. */
export const LIVE_STATUSES = ["validating", "in_progress", "finalizing", "cancelling"] as const;
export type LiveStatus = (typeof LIVE_STATUSES)[number];
export type FinalStatus = "completed" | "failed" | "expired" | "cancelled";
export type BatchStatus = LiveStatus | FinalStatus;

/** From which statuses a batch may end as what. */
export const CONCLUDED_FROM: Readonly<Record<FinalStatus, readonly LiveStatus[]>> = {
  completed: ["finalizing"],
  failed: ["validating", "in_progress"],
  expired: ["validating", "finalizing"],
  cancelled: ["cancelling"],
};

/** Something about the input that stops the whole batch. `line` counts from 1. */
export interface BatchIssue {
  readonly code: string;
  readonly line: number | null;
  readonly message: string;
  readonly param: string | null;
}

/** Requests: all, answered with a 2xx, and ended in any other way. */
export interface BatchCounts {
  readonly total: number;
  readonly completed: number;
  readonly failed: number;
}

/** Tokens of the answers. */
export interface BatchUsage {
  readonly inputTokens: number;
  readonly cachedTokens: number;
  readonly outputTokens: number;
  readonly reasoningTokens: number;
}

export const NO_USAGE: BatchUsage = Object.freeze({
  inputTokens: 0,
  cachedTokens: 0,
  outputTokens: 0,
  reasoningTokens: 0,
});

/** Epoch milliseconds; null: it did not come to that. */
export interface BatchTimes {
  readonly createdAt: number;
  /** The end of the completion window. */
  readonly expiresAt: number;
  readonly inProgressAt: number | null;
  readonly finalizingAt: number | null;
  readonly completedAt: number | null;
  readonly failedAt: number | null;
  readonly expiredAt: number | null;
  readonly cancellingAt: number | null;
  readonly cancelledAt: number | null;
}

/** What is stated when a batch is made, and never changes. */
export interface BatchOrder {
  readonly id: string;
  /** On whose behalf its requests are made; the batch belongs to this caller's tenant. */
  readonly caller: Caller;
  readonly endpoint: BatchEndpoint;
  readonly inputFileId: string;
  readonly metadata: Readonly<Record<string, string>> | null;
  /** How long the output and error files are kept, in milliseconds from when they are complete. */
  readonly outputExpiresAfterMs: number;
  readonly createdAt: number;
  readonly expiresAt: number;
}

export interface Batch extends Omit<BatchOrder, "createdAt" | "expiresAt"> {
  readonly status: BatchStatus;
  /** The one model that every request names; null where they differ or it is not known yet. */
  readonly model: string | null;
  readonly issues: readonly BatchIssue[];
  /** Both null until the batch has ended, and where nothing was written into the file. */
  readonly outputFileId: string | null;
  readonly errorFileId: string | null;
  readonly counts: BatchCounts;
  readonly usage: BatchUsage;
  readonly times: BatchTimes;
}

/** What became of one request, as it is kept: once for a batch and a line, whoever writes it first. */
export interface BatchResult {
  /** Of the input file, from 1. */
  readonly line: number;
  /** True: it belongs into the output file; false: into the error file. */
  readonly answered: boolean;
  /** One line of JSON with its line feed. */
  readonly record: Uint8Array;
  readonly usage: BatchUsage;
}

export function isFinal(status: BatchStatus): status is FinalStatus {
  return status === "completed" || status === "failed" || status === "expired" || status === "cancelled";
}
