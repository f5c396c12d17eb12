/** How long a provider asks to be left alone. Owns this wire's spellings of it; the time of day comes in. */
import { parseDuration } from "../core/duration.ts";
import { isRecord } from "../core/json.ts";
import { MAX_RETRY_AFTER_MS, parseRetryAfter } from "../core/retry-after.ts";

const SECOND = 1000;
/** Only so much of a provider's text is searched. */
const MAX_SEARCHED = 4000;
/** `in 6.1s`, as OpenAI and Google write, or `after 20 seconds`, as Azure does. */
const TRY_AGAIN =
  /(?:try again|retry) (?:in|after) (?:((?:[\d.]+(?:ms|h|m|s))+)|([\d.]+) (s)econds?|([\d.]+) (m)inutes?)/i;
/** Of an error's details; the first ones say enough. */
const MAX_DETAILS = 50;
const DECIMAL = /^\d+(?:\.\d+)?$/;

/**
 * Milliseconds from `now` (epoch milliseconds): `retry-after-ms`, else `Retry-After` in seconds or as an
 * HTTP date (RFC 9110 §10.2.3), else the `x-ratelimit-reset-*` of whichever limit is used up, else "try
 * again in 6.1s" in the provider's text. Never negative, at most a day.
 */
export function readRetryAfter(headers: Headers, detail: string, now: number): number | undefined {
  const wait =
    decimal(headers.get("retry-after-ms")) ??
    parseRetryAfter(headers.get("retry-after"), now) ??
    rateLimitReset(headers, now) ??
    waitInText(detail);
  return bounded(wait === undefined ? undefined : Math.ceil(wait));
}

/** Milliseconds that a provider's text asks for, at most a day. */
export function waitInText(detail: string): number | undefined {
  const found = TRY_AGAIN.exec(detail.slice(0, MAX_SEARCHED));
  if (found === null) return undefined;
  const [, short, seconds, second, minutes, minute] = found;
  return bounded(duration(short ?? (seconds ? `${seconds}${second}` : `${minutes}${minute}`)));
}

/**
 * `retryDelay` of the `google.rpc.RetryInfo` among an error's details, in milliseconds, at most a day: Google's
 * services send it whoever made the model.
 * https://github.com/googleapis/googleapis/blob/master/google/rpc/error_details.proto
 */
export function retryDelay(details: unknown): number | undefined {
  if (!Array.isArray(details)) return undefined;
  for (const detail of details.slice(0, MAX_DETAILS)) {
    if (!isRecord(detail) || typeof detail.retryDelay !== "string") continue;
    const wait = bounded(duration(detail.retryDelay));
    if (wait !== undefined) return wait;
  }
  return undefined;
}

function bounded(wait: number | undefined): number | undefined {
  return wait === undefined ? undefined : Math.min(wait, MAX_RETRY_AFTER_MS);
}

/** Where a limit is used up, the latest reset of such limits; where none says so, the earliest known reset. */
function rateLimitReset(headers: Headers, now: number): number | undefined {
  let usedUp: number | undefined;
  let earliest: number | undefined;
  for (const suffix of ["-requests", "-tokens", ""]) {
    const reset = resetTime(headers.get(`x-ratelimit-reset${suffix}`), now);
    if (reset === undefined) continue;
    earliest = Math.min(earliest ?? reset, reset);
    if (headers.get(`x-ratelimit-remaining${suffix}`) === "0") usedUp = Math.max(usedUp ?? reset, reset);
  }
  return usedUp ?? earliest;
}

/** A duration (`6m0s`, `120ms`), seconds from now, or a point in time in epoch seconds or milliseconds. */
function resetTime(value: string | null, now: number): number | undefined {
  if (value === null) return undefined;
  const number = decimal(value);
  if (number === undefined) return duration(value);
  if (number > 1e12) return Math.max(0, number - now);
  if (number > 1e9) return Math.max(0, number * SECOND - now);
  return Math.ceil(number * SECOND);
}

function duration(text: string | undefined): number | undefined {
  const parsed = text === undefined ? null : parseDuration(text);
  return parsed === null ? undefined : Math.ceil(parsed);
}

function decimal(value: string | null): number | undefined {
  return value !== null && value.length < 24 && DECIMAL.test(value) ? Number(value) : undefined;
}
