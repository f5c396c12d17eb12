/** The Retry-After header, from a stranger, as milliseconds. Owns the parsing; whether to wait is not its business. */

/** A wish beyond a day is an error or an attack; it is cut to this. */
export const MAX_RETRY_AFTER_MS = 24 * 60 * 60 * 1000;

const SECONDS = /^(?:\d+(?:\.\d*)?|\.\d+)$/;
/** Between two values; the comma inside a date follows the name of a day. */
const BETWEEN = /(?<!\b[A-Z][a-z]{2,8}),/;
/** `Sun, 06 Nov 1994 08:49:37 GMT`, and the obsolete `Sunday, 06-Nov-94 08:49:37 GMT`. */
const DATE =
  /^(?:[A-Z][a-z]{2}|[A-Z][a-z]{5,8}), (\d{2})[ -]([A-Z][a-z]{2})[ -](\d{4}|\d{2}) (\d{2}):(\d{2}):(\d{2}) (?:GMT|UTC)$/;
/** `Sun Nov  6 08:49:37 1994`: what C's asctime() writes. */
const ASCTIME = /^[A-Z][a-z]{2} ([A-Z][a-z]{2}) ([ \d]\d) (\d{2}):(\d{2}):(\d{2}) (\d{4})$/;
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/**
 * Milliseconds to wait, from `now` (epoch milliseconds, by the machine's clock) on, in [0, 24 h]; null when the value says nothing
 * usable. Takes delay-seconds, also fractional as some providers send them, and the three HTTP-dates of
 * RFC 9110 (5.6.7, 10.2.3). A date in the past is 0; longer than a day is cut to a day. Negative numbers,
 * exponents, NaN, `Infinity` and other dates are null. A header that was sent more than once arrives as one, with
 * commas: of its values the longest that can be read counts.
 */
export function parseRetryAfter(value: string | null | undefined, now: number): number | null {
  if (value === null || value === undefined) return null;
  let longest: number | null = null;
  for (const part of value.split(BETWEEN)) {
    const wait = parseOne(part.trim(), now);
    if (wait !== null && wait > (longest ?? -1)) longest = wait;
  }
  return longest;
}

function parseOne(text: string, now: number): number | null {
  if (SECONDS.test(text)) return clamp(Math.ceil(Number(text) * 1000));
  const date = parseHttpDate(text, now);
  return date === null ? null : clamp(date - now);
}

function clamp(ms: number): number {
  return Math.min(Math.max(0, ms), MAX_RETRY_AFTER_MS);
}

/** By hand, since `Date.parse` also takes "-5", "2026" and local times, each as some year's date. */
function parseHttpDate(text: string, now: number): number | null {
  const date = DATE.exec(text);
  if (date) return epochMs(fullYear(date[3], now), date[2], date[1], date[4], date[5], date[6]);
  const asctime = ASCTIME.exec(text);
  if (asctime) return epochMs(Number(asctime[6]), asctime[1], asctime[2], asctime[3], asctime[4], asctime[5]);
  return null;
}

/** A two-digit year more than 50 years ahead is the most recent past year with those digits (RFC 9110, 5.6.7). */
function fullYear(digits: string | undefined, now: number): number {
  const year = Number(digits);
  if (digits?.length !== 2) return year;
  const thisYear = new Date(now).getUTCFullYear();
  const candidate = thisYear - (thisYear % 100) + year;
  return candidate > thisYear + 50 ? candidate - 100 : candidate;
}

type Digits = string | undefined;

function epochMs(
  year: number,
  monthName: Digits,
  day: Digits,
  hour: Digits,
  minute: Digits,
  second: Digits,
): number | null {
  const month = MONTHS.indexOf(monthName ?? "");
  const dayOfMonth = Number(day);
  if (month < 0 || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 60) return null;
  const midnight = new Date(0).setUTCFullYear(year, month, dayOfMonth);
  // The 31st of April would roll over into May.
  if (dayOfMonth < 1 || new Date(midnight).getUTCDate() !== dayOfMonth) return null;
  return midnight + Number(hour) * 3_600_000 + Number(minute) * 60_000 + Number(second) * 1000;
}
