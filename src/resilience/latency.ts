/** How fast a deployment begins to answer. Owns the smoothing and the histogram; knows no deployment. */
import { RollingWindow } from "./rolling-window.ts";

/** A sample weighs half as much after this many milliseconds. */
export const HALF_LIFE_MS = 30_000;
/** Figures older than this are forgotten, so that a deployment routing left is given another look. */
export const FORGET_MS = 300_000;

const WINDOW_BUCKETS = 5;
/** Eight bins an octave from 1 ms on: 17 octaves reach 131 s, and a bin's middle errs by at most 4.5 %. */
const BINS_PER_OCTAVE = 8;
const BINS = 17 * BINS_PER_OCTAVE;

/**
 * Smoothed and 95th-percentile milliseconds to the first token, in fixed memory (about 3 KB).
 *
 * Smoothing is the exponentially time-weighted mean: with d = 2^(-Δt / half-life) since the last sample,
 * weight ← d × weight + 1, sum ← d × sum + sample, mean = sum / weight. A burst counts every sample
 * alike and a quiet spell leaves the mean as it was. The percentile comes from a log-spaced histogram over
 * the last five minutes.
 */
export class Latency {
  #weight = 0;
  #sum = 0;
  #lastAt = Number.NEGATIVE_INFINITY;
  readonly #histogram = new RollingWindow(BINS, WINDOW_BUCKETS, FORGET_MS / WINDOW_BUCKETS);

  /** `milliseconds` from the start of a call to its first content; negative or non-finite ones are dropped. */
  record(milliseconds: number, now: number): void {
    if (!(milliseconds >= 0 && milliseconds < Number.POSITIVE_INFINITY)) return;
    const elapsed = now - this.#lastAt;
    const decay = elapsed > 0 ? 2 ** (-elapsed / HALF_LIFE_MS) : 1;
    this.#weight = this.#weight * decay + 1;
    this.#sum = this.#sum * decay + milliseconds;
    if (elapsed > 0) this.#lastAt = now;
    this.#histogram.add(binOf(milliseconds), now);
  }

  /** The smoothed mean; 0 before any sample, and again when none came for `FORGET_MS`. */
  smoothedMs(now: number): number {
    return now - this.#lastAt > FORGET_MS ? 0 : this.#sum / this.#weight;
  }

  /** The 95th percentile (nearest rank) of the last five minutes; null when they saw fewer samples than `least`. */
  p95Ms(now: number, least = 1): number | null {
    let count = 0;
    for (let bin = 0; bin < BINS; bin++) count += this.#histogram.total(bin, now);
    if (count < least) return null;
    let rest = Math.ceil(count * 0.95);
    for (let bin = 0; bin < BINS; bin++) {
      rest -= this.#histogram.total(bin, now);
      if (rest <= 0) return middleOf(bin);
    }
    return middleOf(BINS - 1);
  }
}

function binOf(milliseconds: number): number {
  if (milliseconds < 1) return 0;
  return Math.min(BINS - 1, Math.floor(Math.log2(milliseconds) * BINS_PER_OCTAVE));
}

/** The geometric middle of a bin's two edges. */
function middleOf(bin: number): number {
  return 2 ** ((bin + 0.5) / BINS_PER_OCTAVE);
}
