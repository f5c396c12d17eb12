/** Refusals as servers of the OpenAI wires say them. Owns statuses, words and limit headers of that family. */
import type { QuotaLevels } from "../quota.ts";
import { type ErrorAnswer, type ErrorDialect, type Refusal, refusal, retryAfterHeader } from "./dialect.ts";

const TYPES: Readonly<Record<number, string>> = {
  400: "invalid_request_error",
  401: "authentication_error",
  403: "permission_error",
  404: "not_found_error",
  429: "rate_limit_error",
};
const FAILED = "Simulated: the model failed while it was answering.";
const LIMITED = "Simulated: the rate limit was reached while the model was answering.";

export const openaiErrors: ErrorDialect = {
  requestIdHeader: "x-request-id",
  refuse,
  contextOverflow: (now) =>
    refuse(
      refusal(400, "Simulated: this model's maximum context length is exceeded. Shorten the messages.", {
        code: "context_length_exceeded",
      }),
      now,
    ),
  contentFilter: (now) =>
    refuse(
      refusal(400, "Simulated: the request was refused by the content filter.", { code: "content_filter" }),
      now,
    ),
  streamError: (throttled) => ({
    data: JSON.stringify(
      throttled
        ? bodyOf("rate_limit_error", "rate_limit_exceeded", LIMITED, null)
        : bodyOf("server_error", "server_error", FAILED, null),
    ),
  }),
  limitHeaders,
};

/** The Responses API: the same, but a stream's error is an event of its own. */
export const responsesErrors: ErrorDialect = {
  ...openaiErrors,
  streamError: (throttled) => ({
    event: "error",
    data: JSON.stringify({
      type: "error",
      code: throttled ? "rate_limit_exceeded" : "server_error",
      message: throttled ? LIMITED : FAILED,
      param: null,
      sequence_number: 0,
    }),
  }),
};

function refuse({ status, code, message, param, wait }: Refusal, now: number): ErrorAnswer {
  const type = TYPES[status] ?? (status < 500 ? "invalid_request_error" : "server_error");
  const inMs =
    wait === null || wait.asDate ? {} : { "retry-after-ms": String(Math.round(wait.seconds * 1000)) };
  return {
    status,
    headers: { ...retryAfterHeader(wait, now), ...inMs },
    body: bodyOf(type, code, message, param),
  };
}

function bodyOf(type: string, code: string | null, message: string, param: string | null) {
  return { error: { message, type, param, code }, simulated: true };
}

function limitHeaders(levels: QuotaLevels): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  for (const name of ["requests", "tokens"] as const) {
    const level = levels[name];
    if (level === null) continue;
    headers[`x-ratelimit-limit-${name}`] = String(level.limit);
    headers[`x-ratelimit-remaining-${name}`] = String(level.left);
    headers[`x-ratelimit-reset-${name}`] = resetText(level.untilFullMs);
  }
  return headers;
}

/** OpenAI's notation: `120ms`, `7.5s`, `6m0s`. */
function resetText(ms: number): string {
  if (ms < 1000) return `${Math.ceil(ms)}ms`;
  const seconds = Math.ceil(ms / 100) / 10;
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${Math.round(seconds % 60)}s`;
}
