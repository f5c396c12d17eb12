/** How long to wait before the same call again. Owns one formula; knows neither faults nor deadlines. */
import type { Random } from "../core/clock.ts";

/**
 * Full jitter, in milliseconds: uniform in [0, min(maxMs, baseMs × 2^repeat)), `repeat` counted from 0.
 * Of the variants compared it costs the upstream the fewest calls while clients contend.
 * Source: AWS Architecture Blog, "Exponential Backoff And Jitter" (M. Brooker, 2015).
 */
export function fullJitter(random: Random, baseMs: number, maxMs: number, repeat: number): number {
  // Past 2^30 the cap has long taken over; an infinite factor would make NaN of a base of 0.
  return random() * Math.min(maxMs, baseMs * 2 ** Math.min(repeat, 30));
}
