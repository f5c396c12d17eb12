/** A fault in this wire's error shape. Owns type words; statuses come from the fault table. */
import { type Fault, type FaultKind, statusOf } from "../../core/faults.ts";
import { retryHeaders } from "../render-retry.ts";
import type { JsonObject, RenderedFault } from "../wire.ts";

/** The words of the published error list. The official clients choose their class by the status alone. */
const TYPES: Readonly<Record<FaultKind, string>> = {
  throttled: "rate_limit_error",
  outage: "api_error",
  timeout: "timeout_error",
  malformed: "api_error",
  context_overflow: "invalid_request_error",
  filtered: "invalid_request_error",
  invalid: "invalid_request_error",
  provider_auth: "api_error",
  provider_not_found: "api_error",
  cancelled: "invalid_request_error",
  unauthenticated: "authentication_error",
  forbidden: "permission_error",
  not_found: "not_found_error",
  method_not_allowed: "invalid_request_error",
  too_large: "request_too_large",
  rate_limited: "rate_limit_error",
  exhausted: "overloaded_error",
  unavailable: "overloaded_error",
  internal: "api_error",
};

export function renderMessagesFault(fault: Fault, requestId: string): RenderedFault {
  const headers = retryHeaders(fault);
  return { status: statusOf(fault), headers, body: faultBody(fault, requestId) };
}

/**
 * `{type:"error", error:{type,message,code,param,details}, request_id}`, as a body and as the data of an `error`
 * event. The code stands twice: `code` as on our other wires, `details.error_code` where the official clients
 * look for it.
 */
export function faultBody(fault: Fault, requestId: string): JsonObject {
  return {
    type: "error",
    error: {
      type: TYPES[fault.kind],
      message: fault.message,
      code: fault.code,
      param: fault.param ?? null,
      details: { error_code: fault.code },
    },
    request_id: requestId,
  };
}
