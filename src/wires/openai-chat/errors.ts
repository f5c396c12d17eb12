/** A provider's error of this wire as a fault. Owns the classification; the ladder decides what follows. */
import type { Fault } from "../../core/faults.ts";
import { isRecord } from "../../core/json.ts";
import { type GoogleDetails, readDetails, refusesKeyOrAccount } from "../google-errors.ts";
import {
  type ProviderFaultClass,
  type ProviderWords,
  providerFault,
  saysFiltered,
  saysLasting,
  saysOverflow,
  waits,
} from "../provider-fault.ts";
import { readRetryAfter, retryDelay, waitInText } from "../retry-after.ts";
import { sentenceOf } from "../sentence-of.ts";
import { classOfStatus } from "../status-class.ts";
import type { JsonObject } from "../wire.ts";

/** OpenAI, Azure, vLLM, llama.cpp, TGI, Ollama, LM Studio, Groq, Mistral, xAI, Gemini's compatible endpoint. */
const OVERFLOW_CODES =
  /context_length_exceeded|exceed_context_size|context_window_exceeded|tokens_limit_reached|max_prompt_tokens/i;
const FILTER_CODES = /content_filter|content_policy|responsibleaipolicy|moderation_blocked|invalid_prompt/i;
const QUOTA_CODES = /insufficient_quota|insufficient_balance|billing|quota_exceeded|credit/i;
/** Of what the model wrote: Groq blames the request for it, with 400. */
const OUTPUT_CODES = /tool_use_failed|json_validate_failed/;
const MISSING_MODEL_CODES = /model_not_found|deploymentnotfound/i;
const FIELD_PATH = /^[A-Za-z_][\w.[\]-]{0,99}$/;
const MINUTE_MS = 60_000;

interface ProviderError {
  readonly code: string;
  readonly type: string;
  readonly message: string;
  /** All that was said, to know the fault by; the message alone is kept. */
  readonly searched: string;
  readonly param: string | null;
  /** Where the body itself states an HTTP status; null otherwise. */
  readonly status: number | null;
  /** Google's compatible endpoint says here what it says on its own wire. */
  readonly details: GoogleDetails;
  readonly retryMs: number | undefined;
}

/** An answer with a status of 400 and above. `body` is parsed JSON or text, `now` epoch milliseconds. */
export function readChatError(status: number, headers: Headers, body: unknown, now: number): Fault {
  const error = extract(body);
  const kind = classify(status, error);
  const requestId =
    headers.get("x-request-id") ?? headers.get("request-id") ?? headers.get("apim-request-id") ?? undefined;
  // Beside a day's quota Google names the delay of a minute's.
  const isAsked = waits(kind, status) && !error.details.lasting;
  const retryAfterMs = isAsked ? (error.retryMs ?? readRetryAfter(headers, error.searched, now)) : undefined;
  return providerFault(kind, { ...words(error), status, requestId, retryAfterMs });
}

/** An error object inside a stream, or in a body that came with status 200. */
export function readStreamError(body: JsonObject): Fault {
  const error = extract(body);
  const status = error.status ?? impliedStatus(`${error.code} ${error.type}`);
  const kind = classify(status, error);
  const isAsked = waits(kind, status) && !error.details.lasting;
  const retryAfterMs = isAsked ? (error.retryMs ?? waitInText(error.searched)) : undefined;
  return providerFault(kind, { ...words(error), status: error.status ?? undefined, retryAfterMs });
}

function words({ code, type, message, param }: ProviderError): ProviderWords {
  return { code: code || type, message, ...(param !== null && { param }) };
}

function classify(status: number, error: ProviderError): ProviderFaultClass {
  const codes = `${error.code} ${error.type}`;
  if (status === 429 || status === 402 || status === 498) {
    const isLasting = QUOTA_CODES.test(codes) || error.details.lasting || isSpent(error.message);
    return status === 402 || isLasting ? "quota_exhausted" : "provider_throttled";
  }
  if (OVERFLOW_CODES.test(codes)) return "context_length_exceeded";
  if (FILTER_CODES.test(codes)) return "content_filter";
  if (OUTPUT_CODES.test(codes)) return "model_output_invalid";
  // Some local servers report an overflow as their own failure, LMI as that of what it depends on.
  if ((status === 500 || status === 424) && saysOverflow(error.searched)) return "context_length_exceeded";
  if (status === 413 && codes.includes("rate_limit")) return "provider_throttled";
  if (status === 400 || status === 413 || status === 422) {
    if (saysOverflow(error.searched)) return "context_length_exceeded";
    if (saysFiltered(error.searched)) return "content_filter";
  }
  if (status === 403 && QUOTA_CODES.test(codes)) return "quota_exhausted";
  const stated = classOfStatus(status);
  if (stated !== "provider_rejected_request") return stated;
  if (refusesKeyOrAccount(error.type, error.details.reason, error.message)) {
    return "provider_credentials_refused";
  }
  return MISSING_MODEL_CODES.test(codes) ? "provider_model_not_found" : stated;
}

/** A day's window slides with many providers: one that states a wait of seconds itself means it. */
function isSpent(message: string): boolean {
  return saysLasting(message) && (waitInText(message) ?? Number.POSITIVE_INFINITY) >= MINUTE_MS;
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
  if (!isRecord(whole)) return plain(whole);
  const error = whole.error ?? whole;
  if (!isRecord(error)) return { ...plain(error), type: asText(whole.error_type) };
  const inner = isRecord(error.innererror) ? asText(error.innererror.code) : "";
  const code = asText(error.code);
  const param = asText(error.param);
  return {
    ...plain(error.message ?? error.detail ?? error.error),
    code: inner === "" ? code : `${code} ${inner}`.trim(),
    type: asText(error.type) || asText(error.status),
    param: FIELD_PATH.test(param) ? param : null,
    status: statusOf(error.code) ?? statusOf(error.status) ?? statusOf(error.status_code),
    details: readDetails(error.details),
    retryMs: retryDelay(error.details),
  };
}

function plain(said: unknown): ProviderError {
  const searched = isRecord(said) || Array.isArray(said) ? JSON.stringify(said) : asText(said);
  const message = sentenceOf(said);
  const details = readDetails(undefined);
  return { code: "", type: "", message, searched, param: null, status: null, details, retryMs: undefined };
}

function statusOf(value: unknown): number | null {
  const status = typeof value === "string" && value.length === 3 ? Number(value) : value;
  return typeof status === "number" && Number.isInteger(status) && status >= 400 && status <= 599
    ? status
    : null;
}

function asText(value: unknown): string {
  return typeof value === "number" ? String(value) : typeof value === "string" ? value : "";
}
