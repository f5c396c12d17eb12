/** How long to wait before the same call again. Owns the formulas; knows neither faults nor deadlines. */
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

/** How long what can wait does so before it is asked again. Milliseconds. */
export interface PatientBackoff {
  readonly backoffBaseMs: number;
  readonly backoffMaxMs: number;
  /** Of a stated wait, more is not heeded. */
  readonly retryAfterMaxMs: number;
}

/**
 * The stated wait within bounds, and full jitter on top of it, or everybody would come back in the same moment.
 * Milliseconds; `repeat` counted from 0.
 */
export function statedAndJitter(
  random: Random,
  statedMs: number,
  { backoffBaseMs, backoffMaxMs, retryAfterMaxMs }: PatientBackoff,
  repeat: number,
): number {
  return Math.min(statedMs, retryAfterMaxMs) + fullJitter(random, backoffBaseMs, backoffMaxMs, repeat);
}
