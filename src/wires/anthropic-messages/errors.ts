/** A provider's error of this wire as a fault. Owns the classification; the ladder decides what follows. */
import type { Fault } from "../../core/faults.ts";
import { isRecord } from "../../core/json.ts";
import { MAX_RETRY_AFTER_MS } from "../../core/retry-after.ts";
import { readDetails } from "../google-errors.ts";
import {
  type ProviderFaultClass,
  providerFault,
  saysFiltered,
  saysLasting,
  saysOverflow,
  waits,
} from "../provider-fault.ts";
import { readRetryAfter, retryDelay, waitInText } from "../retry-after.ts";
import { classOfStatus } from "../status-class.ts";
import type { JsonObject } from "../wire.ts";

/** Anthropic's own sentences, beside those that every provider uses. */
const OVERFLOW_TEXT = /exceeds? (?:the )?(?:model's )?context limit/i;
const FILTER_TEXT = /content filtering policy/i;
const QUOTA_TEXT = /credit balance is too low|reached your (?:specified )?(?:api )?(?:usage|spend) limit/i;
const QUOTA_CODES = /billing|spend_limit/;
/** `messages.0.content.1.text: Field required` */
const LEADING_PATH = /^([a-z_]{1,40}(?:\.[A-Za-z0-9_-]{1,40}){0,12}): /;
const LIMITS = ["requests", "tokens", "input-tokens", "output-tokens"] as const;

/** The status that an error type comes with; inside a stream there is no other. */
const STATUS_OF: Readonly<Record<string, number>> = {
  invalid_request_error: 400,
  authentication_error: 401,
  billing_error: 402,
  permission_error: 403,
  not_found_error: 404,
  conflict_error: 409,
  request_too_large: 413,
  rate_limit_error: 429,
  api_error: 500,
  timeout_error: 504,
  overloaded_error: 529,
};

interface ProviderError {
  readonly type: string;
  /** `details.error_code`, where the provider gives one. */
  readonly code: string;
  readonly message: string;
  readonly requestId: string | undefined;
  /** What Vertex asks for, in milliseconds. */
  readonly retryMs: number | undefined;
  /** Vertex says that a day's quota is used up, and beside it the delay of a minute's. */
  readonly lasting: boolean;
}

/** An answer with a status of 400 and above. `body` is parsed JSON or text, `now` epoch milliseconds. */
export function readMessagesError(status: number, headers: Headers, body: unknown, now: number): Fault {
  const error = extract(body);
  const kind = classify(status, error);
  const requestId =
    headers.get("request-id") ?? headers.get("x-request-id") ?? headers.get("x-amzn-requestid");
  const isAsked = waits(kind, status) && !error.lasting;
  const retryAfterMs = isAsked
    ? (error.retryMs ?? readRetryAfter(headers, error.message, now) ?? limitReset(headers, now))
    : undefined;
  return providerFault(kind, {
    status,
    code: error.code || error.type,
    message: error.message,
    param: paramOf(error.message),
    requestId: requestId ?? error.requestId,
    retryAfterMs,
  });
}

/** An `error` event of a stream, or an error in a body that came with status 200. */
export function readStreamError(body: JsonObject): Fault {
  const error = extract(body);
  const status = (Object.hasOwn(STATUS_OF, error.type) ? STATUS_OF[error.type] : undefined) ?? 500;
  const { message, requestId } = error;
  const kind = classify(status, error);
  const isAsked = waits(kind, status) && !error.lasting;
  return providerFault(kind, {
    code: error.code || error.type,
    message,
    param: paramOf(message),
    requestId,
    retryAfterMs: isAsked ? (error.retryMs ?? waitInText(message)) : undefined,
  });
}

function classify(status: number, error: ProviderError): ProviderFaultClass {
  const { type, message } = error;
  const codes = `${type} ${error.code}`;
  if (status === 402 || QUOTA_CODES.test(codes) || QUOTA_TEXT.test(message)) return "quota_exhausted";
  if (status === 429 || type === "rate_limit_error") {
    return error.lasting || saysLasting(message) ? "quota_exhausted" : "provider_throttled";
  }
  if (type === "timeout_error") return "provider_timeout";
  if (type === "overloaded_error") return "provider_overloaded";
  const stated = classOfStatus(status);
  if (stated === "provider_timeout" || stated === "provider_overloaded") return stated;
  // The filter of the output is reported as the provider's own failure too.
  if (FILTER_TEXT.test(message)) return "content_filter";
  if (status === 400 || status === 413 || status === 422) {
    if (OVERFLOW_TEXT.test(message) || saysOverflow(message)) return "context_length_exceeded";
    if (saysFiltered(message)) return "content_filter";
  }
  return stated;
}

/** The wire's envelope; also a flat object, a list of one, and plain text, as clouds and proxies send them. */
function extract(body: unknown): ProviderError {
  const whole = Array.isArray(body) ? body[0] : body;
  if (!isRecord(whole)) {
    const message = typeof whole === "string" ? whole : "";
    return { type: "", code: "", message, requestId: undefined, retryMs: undefined, lasting: false };
  }
  const error = isRecord(whole.error) ? whole.error : whole;
  const type = asText(error.type) || asText(error.status);
  return {
    type: type === "error" ? "" : type,
    code: isRecord(error.details) ? asText(error.details.error_code) : "",
    message: asText(error.message) || asText(error.Message) || asText(whole.error),
    requestId: asText(whole.request_id) || undefined,
    retryMs: retryDelay(error.details),
    lasting: readDetails(error.details).lasting,
  };
}

/** The field that the provider names first, in the house's dotted form: `messages[0].content[1].text`. */
function paramOf(message: string): string | undefined {
  const path = LEADING_PATH.exec(message.slice(0, 600))?.[1];
  return path?.replace(/\.(\d+)(?=\.|$)/g, "[$1]");
}

/** Where a limit is used up, the latest reset of such limits; where none says so, the earliest known reset. */
function limitReset(headers: Headers, now: number): number | undefined {
  let usedUp: number | undefined;
  let earliest: number | undefined;
  for (const limit of LIMITS) {
    const date = Date.parse(headers.get(`anthropic-ratelimit-${limit}-reset`) ?? "");
    if (Number.isNaN(date)) continue;
    const wait = Math.min(Math.max(0, date - now), MAX_RETRY_AFTER_MS);
    earliest = Math.min(earliest ?? wait, wait);
    if (headers.get(`anthropic-ratelimit-${limit}-remaining`) === "0") usedUp = Math.max(usedUp ?? 0, wait);
  }
  return usedUp ?? earliest;
}

function asText(value: unknown): string {
  return typeof value === "string" ? value : "";
}
