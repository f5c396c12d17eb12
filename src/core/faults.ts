/**
 * Every way a request can fail, in one table. HTTP status, what the ladder does next, what the circuit
 * learns and whom the metrics blame all derive from it; nothing else in the house decides these.
 */

/** What the ladder does after an attempt ended with the fault. */
export type NextStep =
  | "backoff-then-leave" // wait when it fits, once, and the quota may be given back; then another region (another quota), then the next model
  | "leave-region" // at once to a deployment in another region or rung
  | "next-candidate" // never the same silent deployment again
  | "reformat" // once more with format instructions where the policy allows it, then the next model
  | "larger-model" // only deployments with a larger context window
  | "stop"; // an application or configuration bug, or a decision: another model would not help

/** What the circuit learns: `none` gives a half-open permit back without a verdict. */
export type HealthSignal = "good" | "bad" | "none";

/** Whom the metrics blame. */
export type Blame = "provider" | "quota" | "application" | "configuration" | "content" | "caller" | "gateway";

export interface FaultTrait {
  /** The HTTP status the caller sees when this fault is the final word. */
  readonly status: number;
  readonly next: NextStep;
  readonly health: HealthSignal;
  readonly blame: Blame;
}

export const FAULTS = {
  // From a provider.
  throttled: { status: 429, next: "backoff-then-leave", health: "none", blame: "quota" },
  outage: { status: 503, next: "leave-region", health: "bad", blame: "provider" },
  timeout: { status: 504, next: "next-candidate", health: "bad", blame: "provider" },
  malformed: { status: 502, next: "reformat", health: "good", blame: "provider" },
  context_overflow: { status: 400, next: "larger-model", health: "good", blame: "application" },
  filtered: { status: 400, next: "stop", health: "good", blame: "content" },
  invalid: { status: 400, next: "stop", health: "good", blame: "application" },
  provider_auth: { status: 502, next: "stop", health: "good", blame: "configuration" },
  provider_not_found: { status: 502, next: "stop", health: "good", blame: "configuration" },
  cancelled: { status: 499, next: "stop", health: "none", blame: "caller" },
  // From the gateway itself.
  unauthenticated: { status: 401, next: "stop", health: "none", blame: "application" },
  forbidden: { status: 403, next: "stop", health: "none", blame: "application" },
  not_found: { status: 404, next: "stop", health: "none", blame: "application" },
  method_not_allowed: { status: 405, next: "stop", health: "none", blame: "application" },
  too_large: { status: 413, next: "stop", health: "none", blame: "application" },
  rate_limited: { status: 429, next: "stop", health: "none", blame: "caller" },
  exhausted: { status: 503, next: "stop", health: "none", blame: "provider" },
  unavailable: { status: 503, next: "stop", health: "none", blame: "gateway" },
  internal: { status: 500, next: "stop", health: "none", blame: "gateway" },
} as const satisfies Record<string, FaultTrait>;

export type FaultKind = keyof typeof FAULTS;

export interface Fault {
  readonly kind: FaultKind;
  /** Stable and machine-readable, finer than `kind`: `first_token_timeout`, `unknown_model`, `json_too_deep`. */
  readonly code: string;
  /** For the caller: what happened, where, how to fix it. Never a provider's private text or a secret. */
  readonly message: string;
  /** The request field at fault, in dotted form: `messages[0].content`. */
  readonly param?: string;
  /** The provider's own wish, in milliseconds from when the answer arrived. */
  readonly retryAfterMs?: number;
  /** For decision records and operators only; never rendered to a caller. */
  readonly cause?: FaultCause;
  /** What a model is told of its mistake when it is asked again. It names what is in its answer: on no record. */
  readonly complaint?: string;
  /** What the caller sees in place of the kind's status: a policy's own. */
  readonly status?: number;
  /** Found before anything was sent. */
  readonly unsent?: true;
  /** A quota is used up that no waiting within a request gives back: a day's, or the account's. */
  readonly lasting?: true;
  /** The model ended its answer of its own accord; the fault is that nothing is in it. */
  readonly ended?: true;
}

/** Whoever notices it first: the ladder, the call under way, or the stream that nobody reads. */
export const CALLER_LEFT: Fault = {
  kind: "cancelled",
  code: "caller_left",
  message: "The caller closed the request before an answer was ready.",
};

/** The code of a `lasting` fault, by which it is known where no more than kind and code is on record. */
export const LASTING_QUOTA = "quota_exhausted";

/** The HTTP status that the caller sees where the fault is the final word. */
export function statusOf({ kind, status }: Fault): number {
  return status ?? FAULTS[kind].status;
}

/** What a failed call says of its deployment's condition; one that never left the gateway says nothing. */
export function healthOf({ kind, unsent }: Fault): HealthSignal {
  return unsent ? "none" : FAULTS[kind].health;
}

/** What the provider really said, bounded in length and without what it quoted (`providers/said`). */
export interface FaultCause {
  readonly status?: number;
  readonly code?: string;
  readonly detail?: string;
  readonly providerRequestId?: string;
}

export type Result<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly fault: Fault };

export function ok<T>(value: T): Result<T> {
  return { ok: true, value };
}

/** A failed `Result`. `extra` adds `param`, `retryAfterMs` or `cause`. */
export function failed(
  kind: FaultKind,
  code: string,
  message: string,
  extra?: Pick<Fault, "param" | "retryAfterMs" | "cause">,
): { readonly ok: false; readonly fault: Fault } {
  return { ok: false, fault: fault(kind, code, message, extra) };
}

export function fault(
  kind: FaultKind,
  code: string,
  message: string,
  extra?: Pick<Fault, "param" | "retryAfterMs" | "cause">,
): Fault {
  return { kind, code, message, ...extra };
}
