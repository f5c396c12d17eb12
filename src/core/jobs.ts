/**
 * A job: one request that can wait, done in the background. Owns its shape and what travels on the queue; knows no
 * store, no queue and no HTTP.
 */

/** What the request of a job may be. */
export const JOB_ENDPOINTS = [
  "/v1/chat/completions",
  "/v1/responses",
  "/v1/embeddings",
  "/v1/messages",
  "/v1/invoke",
] as const;
export type JobEndpoint = (typeof JOB_ENDPOINTS)[number];

/** Somebody still has to work on a job in one of these. */
export const LIVE_JOB_STATUSES = ["queued", "running", "retrying"] as const;
export type LiveJobStatus = (typeof LIVE_JOB_STATUSES)[number];
export const FINAL_JOB_STATUSES = ["succeeded", "failed", "cancelled", "expired"] as const;
export type FinalJobStatus = (typeof FINAL_JOB_STATUSES)[number];
export const JOB_STATUSES = [...LIVE_JOB_STATUSES, ...FINAL_JOB_STATUSES] as const;
export type JobStatus = (typeof JOB_STATUSES)[number];

/** What is stated when a job is submitted, and never changes. */
export interface JobTerms {
  readonly id: string;
  /** Whose rights it has is looked up when it runs. */
  readonly keyId: string;
  readonly tenant: string;
  /** The use case that it asks for, by id: bounds are by use case. */
  readonly useCase: string;
  readonly endpoint: JobEndpoint;
  /** Who is told of its end; null: nobody. */
  readonly webhookUrl: string | null;
  readonly metadata: Readonly<Record<string, string>> | null;
  /** Whether an answer without a model will do. */
  readonly acceptDegraded: boolean;
  /** Epoch milliseconds, like every time here. */
  readonly createdAt: number;
  /** Not done by then: it is not done any more. */
  readonly expiresAt: number;
}

/** Everything that is needed to do it: what travels on the queue. */
export interface JobOrder extends JobTerms {
  /** In the endpoint's dialect. */
  readonly body: Readonly<Record<string, unknown>>;
  /** The contract, as `x-pointsman-*` headers of the submission. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Why a job is tried again, or ended without a success. */
export interface JobFault {
  /** A kind of `core/faults.ts`, or `degraded`, `lost`, `cancelled`, `expired`. */
  readonly kind: string;
  readonly code: string;
  readonly message: string;
}

/** How the tokens of one request for several jobs were parted. */
export interface MicroBatchShare {
  /** Jobs that one request was made for. */
  readonly jobs: number;
  /** Tokens of the whole request. */
  readonly totalTokens: number;
  /** Of the tokens that the proportional shares left over, those that this job was given: 0 or 1. */
  readonly remainderTokens: number;
}

/** The fault of a job that went to a queue which other replicas empty, too, and never came back here. */
export const NOT_DONE_HERE = "not_done_here";

/** The last answer that it had, of whatever status. */
export interface JobAnswer {
  readonly status: number;
  readonly requestId: string | null;
  readonly decisionId: string | null;
  /** The degraded mode that answered; null: a model, or nobody. */
  readonly degraded: string | null;
  readonly microBatch: MicroBatchShare | null;
}

export type WebhookStatus = "waiting" | "due" | "delivered" | "dead";

export interface JobWebhook {
  readonly url: string;
  readonly status: WebhookStatus;
  /** The same for every delivery of one end; null before it ended. */
  readonly messageId: string | null;
  readonly attempts: number;
  /** Null: none is to come. */
  readonly nextAttemptAt: number | null;
  readonly lastError: string | null;
}

/** A job as it stands, without what was asked and answered. */
export interface Job extends Omit<JobTerms, "webhookUrl"> {
  readonly status: JobStatus;
  /** Tries that were begun. */
  readonly attempts: number;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  /** While it is `retrying`. */
  readonly nextAttemptAt: number | null;
  /** Of the last try that did not succeed. */
  readonly fault: JobFault | null;
  readonly answer: JobAnswer | null;
  /** Given up after its attempts: it is among the dead letters and can be replayed. */
  readonly dead: boolean;
  readonly webhook: JobWebhook | null;
}

export function isJobOver(status: JobStatus): status is FinalJobStatus {
  return (FINAL_JOB_STATUSES as readonly string[]).includes(status);
}
