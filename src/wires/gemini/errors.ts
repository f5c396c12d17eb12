/** The API's errors as faults. Owns the classification; the ladder decides what follows. */
import type { Fault } from "../../core/faults.ts";
import { isRecord } from "../../core/json.ts";
import { type GoogleDetails, readDetails, refusesKeyOrAccount } from "../google-errors.ts";
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

interface ProviderError extends GoogleDetails {
  /** 0 where the body states none. */
  readonly status: number;
  readonly word: string;
  readonly message: string;
  readonly retryMs: number | undefined;
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
  if (refusesKeyOrAccount(error.word, error.reason, error.message)) return "provider_credentials_refused";
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
    lasting: details.lasting || saysLasting(searched),
  };
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
