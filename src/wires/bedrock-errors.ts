/**
 * Errors of Amazon Bedrock's runtime, both ways: as HTTP answers and as exceptions inside a stream. Owns their
 * names, most of which all of AWS shares, and what each means; statuses come from the fault table. AWS clients retry
 * throttling and every 5xx by themselves, whatever the headers say: there is no way to tell them that the gateway has
 * already tried.
 * https://docs.aws.amazon.com/bedrock/latest/userguide/troubleshooting-api-error-codes.html
 */
import { type Fault, type FaultKind, statusOf } from "../core/faults.ts";
import { isRecord } from "../core/json.ts";
import type { Frame } from "./frame.ts";
import {
  type ProviderFaultClass,
  providerFault,
  saysFiltered,
  saysOverflow,
  waits,
} from "./provider-fault.ts";
import { retryHeaders } from "./render-retry.ts";
import { readRetryAfter, waitInText } from "./retry-after.ts";
import { classOfStatus } from "./status-class.ts";
import type { RenderedFault } from "./wire.ts";

/** What a name means by itself. Names that are not here are judged by status and text. */
const CLASSES: Readonly<Record<string, ProviderFaultClass>> = {
  ThrottlingException: "provider_throttled",
  TooManyRequestsException: "provider_throttled",
  LimitExceededException: "provider_throttled",
  ServiceQuotaExceededException: "quota_exhausted",
  ModelNotReadyException: "provider_overloaded",
  ServiceUnavailableException: "provider_overloaded",
  ServiceUnavailable: "provider_overloaded",
  InternalServerException: "provider_error",
  InternalServerError: "provider_error",
  InternalFailure: "provider_error",
  ModelTimeoutException: "provider_timeout",
  RequestTimeoutException: "provider_timeout",
  RequestTimeout: "provider_timeout",
  ResourceNotFoundException: "provider_model_not_found",
  UnknownOperationException: "provider_model_not_found",
  AccessDeniedException: "provider_credentials_refused",
  UnauthorizedException: "provider_credentials_refused",
  NotAuthorized: "provider_credentials_refused",
  UnrecognizedClientException: "provider_credentials_refused",
  InvalidClientTokenId: "provider_credentials_refused",
  InvalidSignatureException: "provider_credentials_refused",
  IncompleteSignatureException: "provider_credentials_refused",
  IncompleteSignature: "provider_credentials_refused",
  SignatureDoesNotMatch: "provider_credentials_refused",
  ExpiredTokenException: "provider_credentials_refused",
  ExpiredToken: "provider_credentials_refused",
  MissingAuthenticationTokenException: "provider_credentials_refused",
  MissingAuthenticationToken: "provider_credentials_refused",
  RequestExpired: "provider_credentials_refused",
  RequestTimeTooSkewed: "provider_credentials_refused",
  OptInRequired: "provider_credentials_refused",
};

const OVERFLOW_TEXT =
  /exceeds? the maximum (?:allowed )?(?:number of )?tokens|input tokens exceeded|number of input tokens exceeds|exceeds? the (?:model's )?(?:maximum )?(?:context|input) (?:limit|length|window)|exceed context limit|too many total text bytes|expected maxlength/i;
const MISSING_MODEL_TEXT =
  /throughput isn.t supported|model identifier is invalid|model id is not supported|doesn.t support on-demand throughput|model isn.t supported in this region|action doesn.t support the model/i;
/** Of the account, in the name of a request that is wrong. */
const ACCOUNT_TEXT = /^operation not allowed\b|not allowed for this account/i;
const FILTER_TEXT = /content filters?|responsible ai polic|guardrail intervened/i;
/** Of what the model wrote, as Nova's does. */
const OUTPUT_TEXT = /invalid sequence as part of tool ?use/i;
const DAILY_QUOTA_TEXT = /tokens per day|daily (?:token )?(?:quota|limit)/i;
const SKEW_NAMES: ReadonlySet<string> = new Set(["RequestExpired", "RequestTimeTooSkewed"]);
const SKEW_TEXT = /signature (?:expired|not yet current)/i;
/** Only so much of a provider's text is searched. */
const MAX_SEARCHED = 4000;

/** An answer with a status of 400 and above. `body` is parsed JSON or text, `now` epoch milliseconds. */
export function readBedrockError(status: number, headers: Headers, body: unknown, now: number): Fault {
  const message = messageOf(body);
  const name = awsErrorName(headers, body);
  const kind = classify(status, name, message);
  return providerFault(kind, {
    status,
    code: isSkew(name, message) ? `${name}: clock skew` : name,
    message,
    requestId: headers.get("x-amzn-requestid") ?? undefined,
    retryAfterMs: waits(kind, status) ? readRetryAfter(headers, message, now) : undefined,
  });
}

/** An exception inside a stream: a frame whose event is the exception's name. */
export function readBedrockException(frame: Frame): Fault {
  let body: unknown;
  try {
    body = JSON.parse(frame.data);
  } catch {
    body = frame.data;
  }
  const name = plainName(frame.event ?? "");
  const message = messageOf(body);
  const status = impliedStatus(name);
  const kind = classify(status, name, message);
  const retryAfterMs = waits(kind, status) ? waitInText(message) : undefined;
  return providerFault(kind, { code: name, message, retryAfterMs });
}

function classify(status: number, name: string, message: string): ProviderFaultClass {
  const known = Object.hasOwn(CLASSES, name) ? CLASSES[name] : undefined;
  if (known === "provider_throttled" && DAILY_QUOTA_TEXT.test(message)) return "quota_exhausted";
  if (known !== undefined) return known;
  // Also of a model that failed: some report an input that is too long as their own error.
  if (saysOverflow(message) || OVERFLOW_TEXT.test(message)) return "context_length_exceeded";
  if (OUTPUT_TEXT.test(message)) return "model_output_invalid";
  if (name === "ModelErrorException" || name === "ModelStreamErrorException") return "provider_error";
  if (saysFiltered(message) || FILTER_TEXT.test(message)) return "content_filter";
  if (MISSING_MODEL_TEXT.test(message)) return "provider_model_not_found";
  if (ACCOUNT_TEXT.test(message)) return "provider_credentials_refused";
  return name === "ValidationException" ? "provider_rejected_request" : classOfStatus(status);
}

/** A name that nobody knows means, inside a stream, that the provider failed. */
function impliedStatus(name: string): number {
  return name === "ValidationException" ? 400 : 500;
}

/** The header's word, else the body's; empty where neither has one. */
export function awsErrorName(headers: Headers, body: unknown): string {
  const stated = headers.get("x-amzn-errortype");
  if (stated) return plainName(stated);
  if (!isRecord(body)) return "";
  // What the front door says to a path that it does not know.
  const source = isRecord(body.Output) ? body.Output : body;
  for (const field of [source.__type, source.code, source.Code]) {
    if (typeof field === "string" && field !== "") return plainName(field);
  }
  return "";
}

/** `com.amazon.coral.service#ThrottlingException:http://…` and `throttlingException` are the same name. */
function plainName(stated: string): string {
  const cut = stated.slice(0, 300).split(/[:,]/)[0] ?? "";
  const name = cut.slice(cut.lastIndexOf("#") + 1).trim();
  return name.charAt(0).toUpperCase() + name.slice(1);
}

function messageOf(body: unknown): string {
  if (typeof body === "string") return body.slice(0, MAX_SEARCHED);
  if (!isRecord(body)) return "";
  for (const field of [body.originalMessage, body.message, body.Message, body.errorMessage]) {
    if (typeof field === "string" && field !== "") return field.slice(0, MAX_SEARCHED);
  }
  return "";
}

function isSkew(name: string, message: string): boolean {
  return SKEW_NAMES.has(name) || SKEW_TEXT.test(message);
}

/**
 * Names that AWS clients have an exception class for. `provider_auth` and `provider_not_found` are about the
 * gateway's own credentials and configuration: a caller who was told of denied access would look at its own.
 */
const NAMES: Readonly<Record<FaultKind, string>> = {
  throttled: "ThrottlingException",
  outage: "ServiceUnavailableException",
  timeout: "ModelTimeoutException",
  malformed: "ModelErrorException",
  context_overflow: "ValidationException",
  filtered: "ValidationException",
  invalid: "ValidationException",
  provider_auth: "InternalServerException",
  provider_not_found: "InternalServerException",
  cancelled: "ValidationException",
  unauthenticated: "AccessDeniedException",
  forbidden: "AccessDeniedException",
  not_found: "ResourceNotFoundException",
  method_not_allowed: "ValidationException",
  too_large: "ValidationException",
  rate_limited: "ThrottlingException",
  exhausted: "ServiceUnavailableException",
  unavailable: "ServiceUnavailableException",
  internal: "InternalServerException",
};

/** `{message}` with the exception's name in `x-amzn-errortype`, where AWS clients look first. */
export function renderBedrockFault(fault: Fault): RenderedFault {
  const headers = { "x-amzn-errortype": NAMES[fault.kind], ...retryHeaders(fault) };
  return { status: statusOf(fault), headers, body: { message: fault.message } };
}

/** The exceptions that a stream of Bedrock may hold, by the name a fault has as an answer. */
const IN_STREAM: Readonly<Record<string, string>> = {
  ThrottlingException: "throttlingException",
  ServiceUnavailableException: "serviceUnavailableException",
  ValidationException: "validationException",
  InternalServerException: "internalServerException",
};

/**
 * A fault as the last frame of a broken stream. Whatever the streams have no word for is the model's error; one
 * for a model that was too slow has only InvokeModel (`knowsTimeouts`).
 */
export function exceptionFrame(fault: Fault, knowsTimeouts = false): Frame {
  const known =
    knowsTimeouts && fault.kind === "timeout" ? "modelTimeoutException" : IN_STREAM[NAMES[fault.kind]];
  const event = known ?? "modelStreamErrorException";
  return { event, data: JSON.stringify({ message: fault.message }), exception: true };
}
