/** A fault in this wire's error shape. Owns type words and retry headers; statuses come from the fault table. */
import { type Fault, type FaultKind, statusOf } from "../../core/faults.ts";
import { retryHeaders } from "../render-retry.ts";
import type { JsonObject, RenderedFault } from "../wire.ts";

const TYPES: Readonly<Record<FaultKind, string>> = {
  throttled: "rate_limit_error",
  outage: "server_error",
  timeout: "server_error",
  malformed: "server_error",
  context_overflow: "invalid_request_error",
  filtered: "invalid_request_error",
  invalid: "invalid_request_error",
  provider_auth: "server_error",
  provider_not_found: "server_error",
  cancelled: "invalid_request_error",
  unauthenticated: "authentication_error",
  forbidden: "permission_error",
  not_found: "not_found_error",
  method_not_allowed: "invalid_request_error",
  too_large: "invalid_request_error",
  rate_limited: "rate_limit_error",
  exhausted: "server_error",
  unavailable: "server_error",
  internal: "server_error",
};

/** Codes by which official clients and their users recognise a case; they outrank our finer ones. */
const WIRE_CODES: Partial<Record<FaultKind, string>> = {
  context_overflow: "context_length_exceeded",
  filtered: "content_filter",
};
const UNKNOWN_TARGET: ReadonlySet<string> = new Set(["unknown_model", "unknown_use_case", "model_not_found"]);

export function renderChatFault(fault: Fault, requestId: string): RenderedFault {
  const headers = retryHeaders(fault);
  return { status: statusOf(fault), headers, body: faultBody(fault, requestId) };
}

/** `{error:{message,type,param,code}, request_id}`, as a body and as the last frame of a broken stream. */
export function faultBody(fault: Fault, requestId: string): JsonObject {
  const unknownTarget = fault.kind === "not_found" && UNKNOWN_TARGET.has(fault.code);
  return {
    error: {
      message: fault.message,
      type: TYPES[fault.kind],
      param: fault.param ?? null,
      code: unknownTarget ? "model_not_found" : (WIRE_CODES[fault.kind] ?? fault.code),
    },
    request_id: requestId,
  };
}
