/** What the doctor says of one thing it looked at. Owns the shape; scripts read it, so it stays. */

export type CheckName = "policy" | "credential" | "address" | "clock" | "model" | "residency" | "prices";

/** `skipped`: not looked at, and the message says why. */
export type CheckStatus = "ok" | "warning" | "failed" | "skipped";

export interface Verdict {
  readonly status: CheckStatus;
  /** One sentence. Names where a secret is kept, never the secret, and never repeats a provider's words. */
  readonly message: string;
  /** What to do about it. */
  readonly fix?: string;
  /** Of a model that answered. */
  readonly latencyMs?: number;
  /** US dollars as a plain decimal; absent: unpriced. */
  readonly costUsd?: string;
}

export interface CheckResult extends Verdict {
  /** Null: about the policy as a whole. */
  readonly deployment: string | null;
  readonly check: CheckName;
}

export function fine(message: string): Verdict {
  return { status: "ok", message };
}

export function skipped(message: string): Verdict {
  return { status: "skipped", message };
}

export function warning(message: string, fix: string): Verdict {
  return { status: "warning", message, fix };
}

export function failure(message: string, fix: string): Verdict {
  return { status: "failed", message, fix };
}

/** Of every check that would have to call somebody. */
export const NOT_ASKED: Verdict = skipped("Not asked, because of --offline.");
