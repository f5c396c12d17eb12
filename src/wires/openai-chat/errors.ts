/** A provider's error of this wire as a fault. Owns the classification; the ladder decides what follows. */
import { type Fault, type FaultCause, type FaultKind, fault } from "../../core/faults.ts";
import type { JsonObject } from "../wire.ts";
import { isRecord } from "./fields.ts";
import { readRetryAfter } from "./retry-after.ts";

/** What we say for each class. The provider's own words stay in `cause`. */
const CLASSES = {
  provider_throttled: ["throttled", "The model's provider is limiting requests. Try again later."],
  quota_exhausted: ["throttled", "The quota at the model's provider is used up."],
  provider_overloaded: ["outage", "The model's provider is overloaded or unavailable."],
  provider_error: ["outage", "The model's provider failed."],
  provider_timeout: ["timeout", "The model's provider did not answer in time."],
  provider_credentials_refused: ["provider_auth", "The model's provider refused the gateway's credentials."],
  provider_model_not_found: [
    "provider_not_found",
    "The model's provider does not know the configured model.",
  ],
  context_length_exceeded: [
    "context_overflow",
    "The messages and the requested output exceed the model's context window. Shorten the messages or lower max_completion_tokens.",
  ],
  content_filter: ["filtered", "The model's provider refused the content under its content policy."],
  provider_rejected_request: [
    "invalid",
    "The model's provider rejected the request as invalid. Check the parameters against what the model supports.",
  ],
} as const satisfies Record<string, readonly [FaultKind, string]>;

type ErrorClass = keyof typeof CLASSES;

const MAX_DETAIL = 500;
/** Only so much of a provider's text is searched for known phrases. */
const MAX_SEARCHED = 4000;

/** OpenAI, Azure, vLLM, llama.cpp, TGI, Ollama, LM Studio, Groq, Mistral, xAI, Gemini's compatible endpoint. */
const OVERFLOW_CODES =
  /context_length_exceeded|exceed_context_size|context_window_exceeded|tokens_limit_reached|max_prompt_tokens/i;
const OVERFLOW_TEXT = new RegExp(
  [
    "maximum context length",
    "maximum model length",
    "maximum prompt length",
    "context (?:length|size|window)",
    "context the overflows",
    "model token limit",
    "prompt is too long",
    "input is too (?:long|large)",
    "reduce the length of (?:the|your) (?:messages|prompt|input)",
    "must have less than \\d+ tokens",
    "tokens`? \\+ `?max_new_tokens`? must be",
    "input token count[^.]{0,80}exceeds",
    "too many (?:input |prompt )?tokens",
  ].join("|"),
  "i",
);
const FILTER_CODES = /content_filter|content_policy|responsibleaipolicy|moderation_blocked|invalid_prompt/i;
const FILTER_TEXT = /content management policy|content policy|safety system|usage polic(?:y|ies)/i;
const QUOTA_CODES = /insufficient_quota|insufficient_balance|billing|quota_exceeded|credit/i;
const MISSING_MODEL_CODES = /model_not_found|deploymentnotfound/i;
const FIELD_PATH = /^[A-Za-z_][\w.[\]-]{0,99}$/;
const KEY_LIKE = /\b(?:sk|pk|rk|key|bearer|token)[-_ :=]+(?=[\w*.-]*[\d*])[\w*.-]{8,}/gi;

interface ProviderError {
  readonly code: string;
  readonly type: string;
  readonly message: string;
  readonly param: string | null;
  /** Where the body itself states an HTTP status; null otherwise. */
  readonly status: number | null;
}

/** An answer with a status of 400 and above. `body` is parsed JSON or text, `now` epoch milliseconds. */
export function readChatError(status: number, headers: Headers, body: unknown, now: number): Fault {
  const error = extract(body);
  const kind = classify(status, error);
  const requestId =
    headers.get("x-request-id") ?? headers.get("request-id") ?? headers.get("apim-request-id") ?? undefined;
  const waits = status === 429 || status >= 500 || CLASSES[kind][0] === "throttled";
  const retryAfterMs = waits ? readRetryAfter(headers, error.message.slice(0, MAX_SEARCHED), now) : undefined;
  return toFault(kind, error, status, requestId?.slice(0, 200), retryAfterMs);
}

/** An error object inside a stream, or in a body that came with status 200. */
export function readStreamError(body: JsonObject): Fault {
  const error = extract(body);
  const status = error.status ?? impliedStatus(`${error.code} ${error.type}`);
  return toFault(classify(status, error), error, error.status ?? undefined, undefined, undefined);
}

function toFault(
  code: ErrorClass,
  error: ProviderError,
  status: number | undefined,
  providerRequestId: string | undefined,
  retryAfterMs: number | undefined,
): Fault {
  const [kind, message] = CLASSES[code];
  const ours = kind === "invalid" || kind === "context_overflow" || kind === "filtered";
  const providerCode = error.code || error.type;
  const cause: FaultCause = {
    ...(status !== undefined && { status }),
    ...(providerCode !== "" && { code: providerCode.slice(0, 100) }),
    ...(error.message !== "" && { detail: bounded(error.message) }),
    ...(providerRequestId !== undefined && { providerRequestId }),
  };
  return fault(kind, code, message, {
    ...(ours && error.param !== null && { param: error.param }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    cause,
  });
}

function classify(status: number, error: ProviderError): ErrorClass {
  const codes = `${error.code} ${error.type}`;
  const text = error.message.slice(0, MAX_SEARCHED);
  if (status === 429 || status === 402 || status === 498) {
    return status === 402 || QUOTA_CODES.test(codes) ? "quota_exhausted" : "provider_throttled";
  }
  if (OVERFLOW_CODES.test(codes)) return "context_length_exceeded";
  if (FILTER_CODES.test(codes)) return "content_filter";
  if (status === 408 || status === 504 || status === 524) return "provider_timeout";
  // Some local servers report an overflow as their own failure.
  if (status === 500 && OVERFLOW_TEXT.test(text)) return "context_length_exceeded";
  if (status >= 500 || status === 499) {
    return status === 503 || status === 529 ? "provider_overloaded" : "provider_error";
  }
  if (status === 413 && codes.includes("rate_limit")) return "provider_throttled";
  if (status === 400 || status === 413 || status === 422) {
    if (OVERFLOW_TEXT.test(text)) return "context_length_exceeded";
    if (FILTER_TEXT.test(text)) return "content_filter";
  }
  if (status === 401) return "provider_credentials_refused";
  if (status === 403) {
    return QUOTA_CODES.test(codes) ? "quota_exhausted" : "provider_credentials_refused";
  }
  if (status === 404 || MISSING_MODEL_CODES.test(codes)) return "provider_model_not_found";
  return "provider_rejected_request";
}

/** Inside a stream there is no status: the words decide, and silence means that the provider failed. */
function impliedStatus(codes: string): number {
  if (/rate_?limit|too_many_requests|throttl/i.test(codes) || QUOTA_CODES.test(codes)) return 429;
  if (/overloaded|unavailable/i.test(codes)) return 503;
  if (/timeout|timed_out/i.test(codes)) return 504;
  if (/authentication|invalid_api_key|unauthorized/i.test(codes)) return 401;
  if (/permission/i.test(codes)) return 403;
  if (/not_?found/i.test(codes)) return 404;
  if (/invalid_request|bad_?request|validation/i.test(codes)) return 400;
  return 500;
}

/** The shapes that servers of this wire use: an error object, a bare text, a list, a flat object, a detail. */
function extract(body: unknown): ProviderError {
  const whole = Array.isArray(body) ? body[0] : body;
  if (!isRecord(whole)) return plain(typeof whole === "string" ? whole : "");
  const error = whole.error ?? whole;
  if (!isRecord(error)) return { ...plain(asText(error)), type: asText(whole.error_type) };
  const inner = isRecord(error.innererror) ? asText(error.innererror.code) : "";
  const code = asText(error.code);
  const param = asText(error.param);
  return {
    code: inner === "" ? code : `${code} ${inner}`.trim(),
    type: asText(error.type) || asText(error.status),
    message: asText(error.message ?? error.detail ?? error.error),
    param: FIELD_PATH.test(param) ? param : null,
    status: statusOf(error.code) ?? statusOf(error.status) ?? statusOf(error.status_code),
  };
}

function plain(message: string): ProviderError {
  return { code: "", type: "", message, param: null, status: null };
}

function statusOf(value: unknown): number | null {
  const status = typeof value === "string" && value.length === 3 ? Number(value) : value;
  return typeof status === "number" && Number.isInteger(status) && status >= 400 && status <= 599
    ? status
    : null;
}

function asText(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value === "number") return String(value);
  return isRecord(value) || Array.isArray(value) ? JSON.stringify(value) : "";
}

/** Cut to size, and without what looks like a key: providers quote the one they refused. */
function bounded(text: string): string {
  return text
    .slice(0, MAX_DETAIL * 2)
    .replace(KEY_LIKE, "[redacted]")
    .slice(0, MAX_DETAIL);
}
