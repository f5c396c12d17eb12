/** A moment as people write it: an ISO date and time, or how long ago. Owns the notation; knows no clock. */
import { parseDuration } from "./duration.ts";

/** A date, and a time with its zone: without one nobody knows which moment is meant. */
const DATE = /^\d{4}-\d{2}-\d{2}$/;
const DATE_AND_TIME = /^(\d{4}-\d{2}-\d{2})T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2})$/;

/**
 * Epoch milliseconds of `2026-03-01T12:00:00Z`, `2026-03-01` (midnight UTC), or `24h`, which is that long before
 * `now`. Null for anything else.
 */
export function parseInstant(text: string, now: number): number | null {
  const trimmed = text.trim();
  const ago = parseDuration(trimmed);
  if (ago !== null) return now - Math.round(ago);
  return DATE.test(trimmed) ? midnightOf(trimmed) : parseDateAndTime(trimmed);
}

/** Epoch milliseconds of `2026-03-01T12:00:00Z` or `2026-03-01T13:00+01:00`; null for anything less. */
export function parseDateAndTime(text: string): number | null {
  const trimmed = text.trim();
  const [, date] = DATE_AND_TIME.exec(trimmed) ?? [];
  if (date === undefined || midnightOf(date) === null) return null;
  const ms = Date.parse(trimmed);
  return Number.isNaN(ms) ? null : ms;
}

/** UTC. Null where the month has no such day, which the runtime would take for one of the next month. */
function midnightOf(date: string): number | null {
  const ms = Date.parse(date);
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(date) ? ms : null;
}
