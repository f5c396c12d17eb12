/** A fault in this wire's error shape. Owns status words and details; statuses come from the fault table. */
import { type Fault, type FaultKind, statusOf } from "../../core/faults.ts";
import { retryHeaders } from "../render-retry.ts";
import type { JsonObject, RenderedFault } from "../wire.ts";

const WORDS: Readonly<Record<FaultKind, string>> = {
  throttled: "RESOURCE_EXHAUSTED",
  outage: "UNAVAILABLE",
  timeout: "DEADLINE_EXCEEDED",
  malformed: "INTERNAL",
  context_overflow: "INVALID_ARGUMENT",
  filtered: "INVALID_ARGUMENT",
  invalid: "INVALID_ARGUMENT",
  provider_auth: "INTERNAL",
  provider_not_found: "INTERNAL",
  cancelled: "CANCELLED",
  unauthenticated: "UNAUTHENTICATED",
  forbidden: "PERMISSION_DENIED",
  not_found: "NOT_FOUND",
  method_not_allowed: "UNIMPLEMENTED",
  too_large: "INVALID_ARGUMENT",
  rate_limited: "RESOURCE_EXHAUSTED",
  exhausted: "UNAVAILABLE",
  unavailable: "UNAVAILABLE",
  internal: "INTERNAL",
};

export function renderGeminiFault(fault: Fault, requestId: string): RenderedFault {
  const headers = retryHeaders(fault);
  return { status: statusOf(fault), headers, body: faultBody(fault, requestId) };
}

/** `{error: {code, message, status, details}}`, as a body and as the last chunk of a broken stream. */
export function faultBody(fault: Fault, requestId: string): JsonObject {
  const details: JsonObject[] = [
    {
      "@type": "type.googleapis.com/google.rpc.ErrorInfo",
      reason: fault.code.toUpperCase(),
      domain: "pointsman",
    },
    { "@type": "type.googleapis.com/google.rpc.RequestInfo", requestId },
  ];
  if (fault.param !== undefined) {
    const fieldViolations = [{ field: fault.param, description: fault.message }];
    details.push({ "@type": "type.googleapis.com/google.rpc.BadRequest", fieldViolations });
  }
  if (fault.retryAfterMs !== undefined) {
    const retryDelay = `${Math.ceil(Math.max(0, fault.retryAfterMs) / 1000)}s`;
    details.push({ "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay });
  }
  return { error: { code: statusOf(fault), message: fault.message, status: WORDS[fault.kind], details } };
}
