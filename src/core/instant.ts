/** A moment as people write it: an ISO date and time, or how long ago. Owns the notation; knows no clock. */
import { parseDuration } from "./duration.ts";

/** A date, or a date and a time with its zone: without one nobody knows which moment is meant. */
const ISO = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2}))?$/;

/**
 * Epoch milliseconds of `2026-03-01T12:00:00Z`, `2026-03-01` (midnight UTC), or `24h`, which is that long before
 * `now`. Null for anything else.
 */
export function parseInstant(text: string, now: number): number | null {
  const trimmed = text.trim();
  const ago = parseDuration(trimmed);
  if (ago !== null) return now - Math.round(ago);
  if (!ISO.test(trimmed)) return null;
  const ms = Date.parse(trimmed);
  return Number.isNaN(ms) ? null : ms;
}
