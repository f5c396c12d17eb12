/** Faults in the native spelling, both ways. Owns the body, and what another gateway's kinds mean to this one. */
import { FAULTS, type Fault, type FaultKind, statusOf } from "../../core/faults.ts";
import { isRecord } from "../../core/json.ts";
import { readChatError } from "../openai-chat/errors.ts";
import { type ProviderFaultClass, providerFault, waits } from "../provider-fault.ts";
import { retryHeaders } from "../render-retry.ts";
import { readRetryAfter } from "../retry-after.ts";
import type { JsonObject, RenderedFault } from "../wire.ts";

const FIELD_PATH = /^[A-Za-z_][\w.[\]-]{0,99}$/;
const DAY_MS = 86_400_000;

/** To a gateway, the gateway behind it is a provider: its refusal of our key is a matter of our configuration. */
const CLASSES: Readonly<Record<FaultKind, ProviderFaultClass>> = {
  throttled: "provider_throttled",
  rate_limited: "provider_throttled",
  outage: "provider_error",
  internal: "provider_error",
  malformed: "provider_error",
  cancelled: "provider_error",
  provider_auth: "provider_error",
  provider_not_found: "provider_error",
  exhausted: "provider_overloaded",
  unavailable: "provider_overloaded",
  timeout: "provider_timeout",
  context_overflow: "context_length_exceeded",
  filtered: "content_filter",
  invalid: "provider_rejected_request",
  too_large: "provider_rejected_request",
  unauthenticated: "provider_credentials_refused",
  forbidden: "provider_credentials_refused",
  not_found: "provider_model_not_found",
  method_not_allowed: "provider_model_not_found",
};

export function renderNativeFault(fault: Fault, requestId: string): RenderedFault {
  return {
    status: statusOf(fault),
    headers: retryHeaders(fault),
    body: faultBody(fault, requestId),
  };
}

/** `{error:{kind,code,message,param,retry_after_ms}, request_id}`, as a body and in a stream's last frame. */
export function faultBody(fault: Fault, requestId: string): JsonObject {
  const { kind, code, message, param, retryAfterMs } = fault;
  const retryAfter = retryAfterMs === undefined ? null : Math.max(0, Math.ceil(retryAfterMs));
  // What other dialects call the model is here the use case.
  const field = param === "model" ? "use_case" : (param ?? null);
  return {
    error: { kind, code, message, param: field, retry_after_ms: retryAfter },
    request_id: requestId,
  };
}

/** The fault inside `body`, from a stream or a whole answer; null where it is not a native one. */
export function readFault(
  body: JsonObject,
  status?: number,
  requestId?: string,
  wait?: number,
): Fault | null {
  const { error } = body;
  if (!isRecord(error) || !isKind(error.kind)) return null;
  const code = typeof error.code === "string" ? error.code : "";
  const quota = code === "budget_exceeded" || code === "quota_exhausted";
  const kind = quota ? "quota_exhausted" : CLASSES[error.kind];
  const stated = error.retry_after_ms;
  const known = typeof stated === "number" && stated >= 0 ? Math.min(stated, DAY_MS) : wait;
  return providerFault(kind, {
    status,
    code,
    message: typeof error.message === "string" ? error.message : "",
    param: typeof error.param === "string" && FIELD_PATH.test(error.param) ? error.param : undefined,
    requestId: typeof body.request_id === "string" ? body.request_id : requestId,
    retryAfterMs: waits(kind, status ?? 0) ? known : undefined,
  });
}

/** An answer with a status of 400 and above. What is no native body came from a proxy in between. */
export function readNativeError(status: number, headers: Headers, body: unknown, now: number): Fault {
  const requestId = headers.get("x-request-id") ?? undefined;
  const wait = readRetryAfter(headers, "", now);
  const read = isRecord(body) ? readFault(body, status, requestId, wait) : null;
  return read ?? readChatError(status, headers, body, now);
}

function isKind(kind: unknown): kind is FaultKind {
  return typeof kind === "string" && Object.hasOwn(FAULTS, kind);
}
