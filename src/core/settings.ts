/**
 * What a policy sets of the gateway's own ways: limits, circuits, retries, probes, kept answers, the watch over its
 * versions. Owns the shapes.
 */

/** Which answers are kept to be given again to the same request. Milliseconds. */
export interface AnswerCacheSettings {
  /** How long an answer is given again in place of asking. */
  readonly ttlMs: number;
  /** How much longer it is kept for when no model answers. */
  readonly staleForMs: number;
  /** Whose requests are the same: everybody's of a tenant, or one user's. */
  readonly scope: "tenant" | "user";
}

/** Limits of one tier; null: none. */
export interface TierLimits {
  readonly requestsPerMinute: number | null;
  readonly concurrentRequests: number | null;
}

export interface CircuitSettings {
  /** Failures in a row that open the circuit. */
  readonly consecutiveFailures: number;
  /** Share of failed calls in the window that opens it, and of slow ones; both need `minimumCalls`. */
  readonly failureRatio: number;
  readonly slowRatio: number;
  /** A call whose first token takes longer than this many milliseconds is slow. */
  readonly slowMs: number;
  readonly minimumCalls: number;
  readonly windowMs: number;
  /** How long it stays open before it probes; doubles with each failed probe up to `maxOpenMs`. */
  readonly openMs: number;
  readonly maxOpenMs: number;
  /** Exactly this many probes are let through, and all must succeed. */
  readonly probes: number;
}

export interface RetrySettings {
  /** Share of requests, and a floor a second, that may be spent on second and later attempts. */
  readonly budgetRatio: number;
  readonly budgetPerSecond: number;
  /** Full-jitter backoff: uniform in [0, min(maxMs, baseMs × 2^n)]. */
  readonly backoffBaseMs: number;
  readonly backoffMaxMs: number;
  /** A Retry-After longer than this is not waited for: the ladder moves on. */
  readonly maxRetryAfterMs: number;
}

/** When a version gives its traffic back by itself. */
export interface ActivationGuard {
  /** How long it is watched after it is in force; 0: it is not, neither then nor while it takes over by steps. */
  readonly watchMs: number;
  /** Share of requests, from 0 to 1, by which its errors may be more. */
  readonly maxIncrease: number;
  /** Of each version, before anything is concluded. */
  readonly minRequests: number;
}

/** Calls that the gateway makes of its own accord, to know how a deployment is. */
export interface ProbeSettings {
  readonly everyMs: number;
  readonly timeoutMs: number;
  /** `open`: while its circuit is not closed; `always`: also after `everyMs` without traffic. */
  readonly when: "open" | "always";
  readonly prompt: string;
}

export const ESTIMATE_RECORDINGS = ["when_read", "always"] as const;
export type EstimateRecording = (typeof ESTIMATE_RECORDINGS)[number];
