/** The API's errors as faults. Owns the classification; the ladder decides what follows. */
import type { Fault } from "../../core/faults.ts";
import { isRecord } from "../../core/json.ts";
import {
  type ProviderFaultClass,
  providerFault,
  saysFiltered,
  saysOverflow,
  waits,
} from "../provider-fault.ts";
import { readRetryAfter, retryDelay, waitInText } from "../retry-after.ts";
import { classOfStatus } from "../status-class.ts";
import type { JsonObject } from "../wire.ts";

/** google.rpc.Code by HTTP status, for answers that state only one of the two. */
const STATUSES: Readonly<Record<string, number>> = {
  INVALID_ARGUMENT: 400,
  FAILED_PRECONDITION: 400,
  OUT_OF_RANGE: 400,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  NOT_FOUND: 404,
  ABORTED: 409,
  RESOURCE_EXHAUSTED: 429,
  CANCELLED: 499,
  INTERNAL: 500,
  UNKNOWN: 500,
  DATA_LOSS: 500,
  UNIMPLEMENTED: 501,
  UNAVAILABLE: 503,
  DEADLINE_EXCEEDED: 504,
};

/** Only so much of a provider's text is searched. */
const MAX_SEARCHED = 4000;
const MAX_DETAILS = 50;
const KEY_REASONS = /API_KEY_|ACCESS_TOKEN_|SERVICE_DISABLED|BILLING_DISABLED|CREDENTIALS_MISSING/;
const KEY_TEXT = /api key (?:not valid|expired|not found|is invalid)|pass a valid api key/i;
/** Preconditions of the account, which no other request would meet either. */
const ACCOUNT_TEXT = /billing|user location|free tier is not available/i;
const LASTING_QUOTA = /per_?day|per_?month/i;
const LASTING_TEXT =
  /per day|daily|monthly|credits? (?:are|is|have) (?:been )?(?:depleted|exhausted)|spending cap/i;
const FIELD_PATH = /^[A-Za-z_][\w.[\]-]{0,99}$/;

interface ProviderError {
  /** 0 where the body states none. */
  readonly status: number;
  readonly word: string;
  readonly message: string;
  /** `reason` of an ErrorInfo. */
  readonly reason: string;
  readonly param: string | undefined;
  readonly requestId: string | undefined;
  readonly retryMs: number | undefined;
  /** Whether a quota is used up that no waiting of minutes gives back. */
  readonly lasting: boolean;
}

/** An answer with a status of 400 and above. `body` is parsed JSON or text, `now` epoch milliseconds. */
export function readGeminiError(status: number, headers: Headers, body: unknown, now: number): Fault {
  const error = extract(body);
  const kind = classify(status, error);
  const hint = kind === "quota_exhausted" ? undefined : error.retryMs;
  const retryAfterMs = waits(kind, status) ? (hint ?? readRetryAfter(headers, "", now)) : undefined;
  return told(kind, error, status, retryAfterMs);
}

/** An error object inside a stream, or in a body that came with status 200. */
export function readStreamError(body: JsonObject): Fault {
  const error = extract(body);
  const status = error.status === 0 ? 500 : error.status;
  const kind = classify(status, error);
  const retryAfterMs = waits(kind, status) && kind !== "quota_exhausted" ? error.retryMs : undefined;
  return told(kind, error, error.status === 0 ? undefined : error.status, retryAfterMs);
}

/** The prompt was refused: the API answers 200 with a reason and no candidate. */
export function blockedPrompt(reason: string, message: unknown): Fault {
  return providerFault("content_filter", {
    code: reason,
    message: typeof message === "string" ? message : undefined,
  });
}

function told(
  kind: ProviderFaultClass,
  { word, reason, message, param, requestId }: ProviderError,
  status: number | undefined,
  retryAfterMs: number | undefined,
): Fault {
  return providerFault(kind, { code: reason || word, message, param, status, requestId, retryAfterMs });
}

function classify(status: number, error: ProviderError): ProviderFaultClass {
  if (status === 429 && error.lasting) return "quota_exhausted";
  // An overlong request is now and then reported as a failure of the server.
  if (status === 500 && saysOverflow(error.message)) return "context_length_exceeded";
  const stated = classOfStatus(status);
  if (stated !== "provider_rejected_request") return stated;
  if (saysOverflow(error.message)) return "context_length_exceeded";
  if (KEY_REASONS.test(error.reason) || KEY_TEXT.test(error.message)) return "provider_credentials_refused";
  if (error.word === "FAILED_PRECONDITION" && ACCOUNT_TEXT.test(error.message)) {
    return "provider_credentials_refused";
  }
  return saysFiltered(error.message) ? "content_filter" : stated;
}

/** `{error: {...}}`, the same in a list of one as streams without server-sent events have it, or a bare text. */
function extract(body: unknown): ProviderError {
  const whole: unknown = Array.isArray(body) ? body[0] : body;
  const error = isRecord(whole) ? (whole.error ?? whole) : whole;
  if (!isRecord(error)) return read({}, typeof error === "string" ? error : "");
  return read(error, text(error.message));
}

function read(error: JsonObject, message: string): ProviderError {
  const word = text(error.status);
  const searched = message.slice(0, MAX_SEARCHED);
  const code = typeof error.code === "number" ? error.code : Number(text(error.code) || Number.NaN);
  const stated = Number.isInteger(code) && code >= 400 && code <= 599 ? code : 0;
  const details = readDetails(error.details);
  return {
    ...details,
    status: stated || (Object.hasOwn(STATUSES, word) ? (STATUSES[word] ?? 0) : 0),
    word,
    message: searched,
    retryMs: retryDelay(error.details) ?? waitInText(searched),
    lasting: details.lasting || LASTING_TEXT.test(searched),
  };
}

type Details = Pick<ProviderError, "reason" | "param" | "requestId" | "lasting">;

/** https://github.com/googleapis/googleapis/blob/master/google/rpc/error_details.proto */
function readDetails(details: unknown): Details {
  const found: { -readonly [Key in keyof Details]: Details[Key] } = {
    reason: "",
    param: undefined,
    requestId: undefined,
    lasting: false,
  };
  if (!Array.isArray(details)) return found;
  for (const detail of details.slice(0, MAX_DETAILS)) {
    if (!isRecord(detail)) continue;
    if (found.reason === "") found.reason = text(detail.reason);
    found.requestId ??= text(detail.requestId) || undefined;
    found.param ??= fieldOf(detail.fieldViolations);
    if (Array.isArray(detail.violations)) found.lasting ||= detail.violations.some(isLasting);
  }
  return found;
}

function isLasting(violation: unknown): boolean {
  return isRecord(violation) && LASTING_QUOTA.test(text(violation.quotaId));
}

function fieldOf(violations: unknown): string | undefined {
  const first: unknown = Array.isArray(violations) ? violations[0] : undefined;
  const field = isRecord(first) ? text(first.field) : "";
  return FIELD_PATH.test(field) ? field : undefined;
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
