/** How long one attempt may take out of what the whole ladder has left. Owns the formula; starts no timer. */
import type { AttemptTimeouts } from "../core/deployment.ts";

/** An attempt with less time than this could only fail, at the provider's cost. */
export const MINIMUM_ATTEMPT_MS = 50;

/**
 * The timeouts of the next attempt, in milliseconds, such that a silent one cannot eat the time that the
 * rungs after it need:
 *
 *   fair  = remaining / (later + 1)
 *   total = min(tier total, remaining − later × min(max(tier firstToken, least), fair))
 *
 * where least is `MINIMUM_ATTEMPT_MS`. Every later rung so keeps the time to a first token or, when the
 * deadline is too near for that, an equal share of what is left. By induction each one in turn gets at
 * least min(tier total, tier firstToken, fair), and the sum of all attempts never exceeds `remainingMs`.
 * `later` is `laterRungs`, lowered until fair is no less than least: shares that could only fail are not
 * kept back. Connect, first token and idle are cut to the total. With nothing to cut, the tier's own object
 * is returned.
 */
export function attemptTimeouts(
  tier: AttemptTimeouts,
  remainingMs: number,
  laterRungs: number,
): AttemptTimeouts {
  const total = Math.min(tier.total, timeForRung(tier, remainingMs, laterRungs));
  if (tier.total <= total && tier.firstToken <= total && tier.connect <= total && tier.idle <= total) {
    return tier;
  }
  return {
    connect: Math.min(tier.connect, total),
    firstToken: Math.min(tier.firstToken, total),
    idle: Math.min(tier.idle, total),
    total,
  };
}

/** The part of `remainingMs` that the present rung may spend, on waiting too: the formula above without the tier's total. */
export function timeForRung(tier: AttemptTimeouts, remainingMs: number, laterRungs: number): number {
  const remaining = Math.max(0, remainingMs);
  const later = Math.max(0, Math.min(laterRungs, Math.floor(remaining / MINIMUM_ATTEMPT_MS) - 1));
  const kept = later * Math.min(Math.max(tier.firstToken, MINIMUM_ATTEMPT_MS), remaining / (later + 1));
  return remaining - kept;
}
