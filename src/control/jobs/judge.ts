/** What an answer means for a job: done, over, or to be tried again. Owns that decision. */
import { FAULTS, type FaultKind } from "../../core/faults.ts";
import type { JobAnswer, JobFault, MicroBatchShare } from "../../core/jobs.ts";
import type { InferAnswer } from "../background/infer.ts";

export type Verdict =
  | { readonly type: "succeeded" }
  | { readonly type: "failed"; readonly fault: JobFault }
  | { readonly type: "again"; readonly fault: JobFault; readonly retryAfterMs: number };

/** Answered with a 5xx, and the next try would be answered in the same way. */
const CANNOT_CHANGE: ReadonlySet<string> = new Set<FaultKind>(["provider_auth", "provider_not_found"]);
/** Nobody was even passed over: no deployment may serve it, whatever its health. */
const NOBODY_MAY: JobFault = {
  kind: "unavailable",
  code: "no_candidate",
  message: "No model may serve this request. Change what the request needs, or ask the policy's owner.",
};
const MAX_MESSAGE_CHARS = 500;

/**
 * An answer without a model is none, unless it was accepted: a job can wait, and its request asks for none. 429 and 5xx
 * are tried again, but for what is the gateway's own configuration. Every other status is the answer.
 */
export function judge(answer: InferAnswer, acceptDegraded: boolean): Verdict {
  const { status, body, decision = null } = answer;
  const retryAfterMs = answer.retryAfterMs ?? 0;
  const isFine = status >= 200 && status < 300;
  if (decision?.degraded && !(isFine && acceptDegraded)) {
    if (decision.attempts.length === 0) return { type: "failed", fault: NOBODY_MAY };
    const why = acceptDegraded ? `has the status ${status}, which is no answer` : "is not accepted";
    const message = `No model answered, and the policy's ${decision.degraded} answer ${why}.`;
    return { type: "again", fault: { kind: "degraded", code: decision.degraded, message }, retryAfterMs };
  }
  if (isFine) return { type: "succeeded" };
  const kind = decision?.fault?.kind ?? kindOf(status);
  const fault = {
    kind,
    code: decision?.fault?.code ?? codeOf(body, status),
    message: messageOf(body, status),
  };
  const isTransient = status === 429 || status >= 500;
  if (isTransient && !CANNOT_CHANGE.has(kind) && fault.code !== NOBODY_MAY.code)
    return { type: "again", fault, retryAfterMs };
  return { type: "failed", fault };
}

export function noteOf(answer: InferAnswer, microBatch: MicroBatchShare | null): JobAnswer {
  const { status, requestId, decision } = answer;
  return {
    status,
    requestId: requestId === "" ? null : requestId,
    decisionId: decision?.id ?? null,
    degraded: decision?.degraded ?? null,
    microBatch,
  };
}

/** Where there is no record to ask. */
function kindOf(status: number): FaultKind {
  for (const kind of ["unauthenticated", "forbidden", "not_found", "too_large", "rate_limited"] as const) {
    if (FAULTS[kind].status === status) return kind;
  }
  return status >= 500 ? "internal" : "invalid";
}

function codeOf(body: unknown, status: number): string {
  const code = errorOf(body)?.code;
  return typeof code === "string" && code !== "" ? code : `status_${status}`;
}

/** The gateway's own words: every dialect has them at the same place. */
function messageOf(body: unknown, status: number): string {
  const message = errorOf(body)?.message;
  return typeof message === "string"
    ? message.slice(0, MAX_MESSAGE_CHARS)
    : `It was answered with ${status}.`;
}

function errorOf(body: unknown): { readonly code?: unknown; readonly message?: unknown } | null {
  if (typeof body !== "object" || body === null || !("error" in body)) return null;
  const { error } = body;
  return typeof error === "object" && error !== null ? error : null;
}
