/** From the scores of a sample to the threshold that sends a wanted share over it. Owns the arithmetic. */

export interface Calibration {
  /** Scores from here on are over it; null: no score is, not even the highest. */
  readonly threshold: number | null;
  /** How many of the sample are over it, and their share. */
  readonly selected: number;
  readonly share: number;
}

/** Digits after the point that a threshold is written with, fewest first. */
const DIGITS = [2, 3, 4] as const;

/**
 * The threshold whose share of `scores` is nearest to `targetShare`, the smaller share where two are as
 * near. Equal scores cannot be parted, so that the share may miss the target. `scores` is not empty.
 */
export function calibrateThreshold(scores: readonly number[], targetShare: number): Calibration {
  const falling = scores.toSorted((a, b) => b - a);
  const wanted = targetShare * falling.length;
  let selected = 0;
  for (let count = 1; count <= falling.length; count++) {
    if (falling[count] === falling[count - 1]) continue;
    if (Math.abs(count - wanted) < Math.abs(selected - wanted)) selected = count;
  }
  const lowest = falling[selected - 1];
  const share = selected / falling.length;
  if (lowest === undefined) return { threshold: null, selected, share };
  return { threshold: between(falling[selected], lowest), selected, share };
}

/** A number over `below` and not over `above`, near their middle, as short as can be written. */
function between(below: number | undefined, above: number): number {
  if (below === undefined) return 0;
  const middle = (below + above) / 2;
  for (const digits of DIGITS) {
    const rounded = Number(middle.toFixed(digits));
    if (rounded > below && rounded <= above) return rounded;
  }
  return above;
}

export interface Distribution {
  readonly lowest: number;
  readonly p10: number;
  readonly p25: number;
  readonly median: number;
  readonly p75: number;
  readonly p90: number;
  readonly highest: number;
  /** How many scores lie in each tenth, the first from 0 up to and without 0.1; the last has 1 too. */
  readonly tenths: readonly number[];
}

/** `scores` is not empty. */
export function distributionOf(scores: readonly number[]): Distribution {
  const rising = scores.toSorted((a, b) => a - b);
  const quantile = (q: number) => rising[Math.min(rising.length - 1, Math.floor(q * rising.length))] ?? 0;
  const tenths = Array.from({ length: 10 }, () => 0);
  for (const score of rising) {
    const tenth = Math.min(9, Math.floor(score * 10));
    tenths[tenth] = (tenths[tenth] ?? 0) + 1;
  }
  return {
    lowest: quantile(0),
    p10: quantile(0.1),
    p25: quantile(0.25),
    median: quantile(0.5),
    p75: quantile(0.75),
    p90: quantile(0.9),
    highest: quantile(1),
    tenths,
  };
}
