/** What the policy says of jobs, and of where callers may have things sent. Owns the shapes. */
import type { Secret } from "./secret.ts";

/** How jobs of a use case are worked on. */
export interface JobSettings {
  /** Requests at once, in one process; a micro-batch is one. */
  readonly concurrency: number;
  /** Tries of one job. */
  readonly maxAttempts: number;
  /** Embeddings that wait are asked for together; null: each by itself. */
  readonly microBatch: { readonly max: number; readonly waitMs: number } | null;
}

/** What holds for the jobs of all use cases. Milliseconds. */
export interface JobLimits {
  /** Requests at once, in one process. */
  readonly concurrency: number;
  /** Not over yet, of one tenant; and bytes of their requests together. */
  readonly maxWaiting: number;
  readonly maxWaitingBytes: number;
  /** How long what is over is remembered, with its result. */
  readonly keepMs: number;
}

/** A place that callers may have things sent to. */
export interface WebhookDestination {
  /** Lower case; `*.` at its beginning stands for every name below. */
  readonly host: string;
  readonly port: number;
  /** Whether it may be of this machine or its network, and in clear text. */
  readonly private: boolean;
  /** Null: everybody's. */
  readonly tenants: readonly string[] | null;
  /** Signs what is sent; null where the environment or the file does not have it: then nothing is sent. */
  readonly secret: Secret | null;
}

export interface WebhookSettings {
  /** The first that fits. */
  readonly destinations: readonly WebhookDestination[];
  /** Milliseconds that a delivery is tried for. */
  readonly giveUpAfterMs: number;
}
