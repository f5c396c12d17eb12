/** Durations counted in buckets that grow by 2 %: percentiles of any number of requests in fixed memory. */

const GROWTH = 1.02;
/** Milliseconds that the last bucket reaches: an hour. */
const LONGEST_MS = 3_600_000;
const BUCKETS = Math.ceil(Math.log(LONGEST_MS) / Math.log(GROWTH)) + 2;

export class Histogram {
  readonly #counts = new Uint32Array(BUCKETS);
  #count = 0;
  #longest = 0;

  get count(): number {
    return this.#count;
  }

  /** Milliseconds; null before anything was added. */
  get longest(): number | null {
    return this.#count === 0 ? null : this.#longest;
  }

  add(ms: number): void {
    const bucket = bucketOf(ms);
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#count++;
    if (ms > this.#longest) this.#longest = ms;
  }

  merge(other: Histogram): void {
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      this.#counts[bucket] = (this.#counts[bucket] ?? 0) + (other.#counts[bucket] ?? 0);
    }
    this.#count += other.#count;
    this.#longest = Math.max(this.#longest, other.#longest);
  }

  /**
   * Whole milliseconds within which that share (0 to 1) stayed: the nearest rank, too high by 2 % at most. Null
   * before anything was added.
   */
  percentile(share: number): number | null {
    if (this.#count === 0) return null;
    const rank = Math.max(1, Math.ceil(share * this.#count));
    let seen = 0;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      seen += this.#counts[bucket] ?? 0;
      if (seen >= rank) return Math.min(Math.round(GROWTH ** bucket), Math.round(this.#longest));
    }
    return Math.round(this.#longest);
  }

  clear(): void {
    this.#counts.fill(0);
    this.#count = 0;
    this.#longest = 0;
  }
}

/** The bucket whose upper end is the first at or above `ms`; everything up to 1 ms is in the first. */
function bucketOf(ms: number): number {
  if (!(ms > 1)) return 0;
  return Math.min(BUCKETS - 1, Math.ceil(Math.log(ms) / Math.log(GROWTH)));
}
