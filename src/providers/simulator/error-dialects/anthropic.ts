/** Refusals as Anthropic's API says them: https://docs.anthropic.com/en/api/errors. Owns statuses and words. */
import type { QuotaLevels } from "../quota.ts";
import {
  type ErrorAnswer,
  type ErrorDialect,
  endOf,
  type Refusal,
  refusal,
  retryAfterHeader,
} from "./dialect.ts";

const TYPES: Readonly<Record<number, string>> = {
  400: "invalid_request_error",
  401: "authentication_error",
  402: "billing_error",
  403: "permission_error",
  404: "not_found_error",
  413: "request_too_large",
  429: "rate_limit_error",
  504: "timeout_error",
  529: "overloaded_error",
};
const WORDS: ReadonlySet<string> = new Set([...Object.values(TYPES), "api_error"]);

/** What throttling without a quota of the scenario's own is said to have exceeded. */
const REQUESTS_PER_MINUTE = 50;

export const anthropicErrors: ErrorDialect = {
  requestIdHeader: "request-id",
  refuse,
  contextOverflow: (now) => refuse(refusal(400, "prompt is too long: 210000 tokens > 200000 maximum"), now),
  contentFilter: (now) => refuse(refusal(400, "Output blocked by content filtering policy"), now),
  streamError(throttled) {
    const type = throttled ? "rate_limit_error" : "overloaded_error";
    const message = throttled ? "Simulated: the rate limit was reached." : "Overloaded";
    return { event: "error", data: JSON.stringify(bodyOf(type, message)) };
  },
  limitHeaders,
};

function refuse({ status: asked, code, message, wait }: Refusal, now: number): ErrorAnswer {
  // Overload has a status of its own here.
  const status = asked === 503 ? 529 : asked;
  const type =
    code !== null && WORDS.has(code)
      ? code
      : (TYPES[status] ?? (status < 500 ? "invalid_request_error" : "api_error"));
  const limits = status === 429 ? exhausted(wait === null ? now : endOf(wait, now)) : {};
  return { status, headers: { ...limits, ...retryAfterHeader(wait, now) }, body: bodyOf(type, message) };
}

function bodyOf(type: string, message: string) {
  return { type: "error", error: { type, message }, simulated: true };
}

function exhausted(resetAt: number): Readonly<Record<string, string>> {
  return {
    "anthropic-ratelimit-requests-limit": String(REQUESTS_PER_MINUTE),
    "anthropic-ratelimit-requests-remaining": "0",
    "anthropic-ratelimit-requests-reset": timeText(resetAt),
  };
}

function limitHeaders(levels: QuotaLevels, now: number): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  for (const name of ["requests", "tokens"] as const) {
    const level = levels[name];
    if (level === null) continue;
    headers[`anthropic-ratelimit-${name}-limit`] = String(level.limit);
    headers[`anthropic-ratelimit-${name}-remaining`] = String(level.left);
    headers[`anthropic-ratelimit-${name}-reset`] = timeText(now + level.untilFullMs);
  }
  return headers;
}

/** RFC 3339 in whole seconds. */
function timeText(ms: number): string {
  return `${new Date(Math.ceil(ms / 1000) * 1000).toISOString().slice(0, 19)}Z`;
}
