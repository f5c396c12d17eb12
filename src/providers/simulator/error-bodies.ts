/** What a provider of the OpenAI wire says when it refuses. Owns statuses, words and retry headers. */
import type { QuotaVerdict } from "./quota.ts";
import type { SimulatedFault } from "./scenario-faults.ts";

export interface ErrorAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>>;
}

const TYPES: Readonly<Record<number, string>> = {
  400: "invalid_request_error",
  401: "authentication_error",
  403: "permission_error",
  404: "not_found_error",
  429: "rate_limit_error",
};

export function errorAnswer(
  status: number,
  code: string | null,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): ErrorAnswer {
  const type = TYPES[status] ?? (status < 500 ? "invalid_request_error" : "server_error");
  return { status, headers, body: { error: { message, type, param: null, code }, simulated: true } };
}

/** What arrives inside a stream that fails midway, and as the whole answer where there is no stream. */
export const STREAM_ERROR: ErrorAnswer = errorAnswer(
  500,
  "server_error",
  "Simulated: the model failed while it was answering.",
);

/** The answer of a fault that is one; null for those that spoil an answer or a connection instead. */
export function faultAnswer(
  fault: SimulatedFault,
  model: string,
  stream: boolean,
  now: number,
): ErrorAnswer | null {
  switch (fault.kind) {
    case "error_in_stream_after_tokens":
      return stream ? null : STREAM_ERROR;
    case "status": {
      const message = `Simulated: ${model} answers ${fault.status}.`;
      return errorAnswer(fault.status, fault.code, message, retryHeaders(fault, now));
    }
    case "context_overflow": {
      const message = "Simulated: this model's maximum context length is exceeded. Shorten the messages.";
      return errorAnswer(400, "context_length_exceeded", message);
    }
    case "content_filter": {
      const message = "Simulated: the request was refused by the content filter.";
      return errorAnswer(400, "content_filter", message);
    }
    default:
      return null;
  }
}

function retryHeaders(
  fault: Extract<SimulatedFault, { kind: "status" }>,
  now: number,
): Readonly<Record<string, string>> {
  const seconds = fault.retryAfterSeconds ?? (fault.retryAfterDate ? 1 : null);
  if (seconds === null) return {};
  // A date has whole seconds: rounding up keeps the wait from being shorter than asked.
  if (fault.retryAfterDate)
    return { "retry-after": new Date(Math.ceil(now / 1000 + seconds) * 1000).toUTCString() };
  return { "retry-after": String(Math.ceil(seconds)), "retry-after-ms": String(Math.round(seconds * 1000)) };
}

export function quotaAnswer(verdict: Extract<QuotaVerdict, { admitted: false }>, model: string): ErrorAnswer {
  const message =
    verdict.retryAfterMs === null
      ? `Simulated: the request needs more tokens than ${model} gives in a minute.`
      : `Simulated: ${model} is over its ${verdict.limit} per minute; try again in ${verdict.retryAfterMs} ms.`;
  return errorAnswer(429, "rate_limit_exceeded", message, verdict.headers);
}
