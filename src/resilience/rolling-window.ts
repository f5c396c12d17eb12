/** Counts over the last so many milliseconds, in fixed memory. Owns the buckets; knows not what is counted. */

/**
 * `fields` counters, each the sum over a sliding window of `buckets` buckets of `bucketMs` milliseconds. The
 * newest bucket is still filling, so the window covers between `buckets - 1` and `buckets` bucket lengths.
 * Adding and reading are O(1) amortised; a bucket that leaves costs O(fields). Time that runs backwards
 * counts into the newest bucket.
 */
export class RollingWindow {
  readonly #fields: number;
  readonly #buckets: number;
  readonly #bucketMs: number;
  readonly #cells: Int32Array;
  readonly #totals: Int32Array;
  #newest = Number.NEGATIVE_INFINITY;
  #start = 0;

  constructor(fields: number, buckets: number, bucketMs: number) {
    this.#fields = fields;
    this.#buckets = buckets;
    this.#bucketMs = bucketMs;
    this.#cells = new Int32Array(fields * buckets);
    this.#totals = new Int32Array(fields);
  }

  add(field: number, now: number): void {
    this.#advance(now);
    const cell = this.#start + field;
    this.#cells[cell] = (this.#cells[cell] ?? 0) + 1;
    this.#totals[field] = (this.#totals[field] ?? 0) + 1;
  }

  /** Takes back one that was counted at `then`, where its bucket has not left. Elsewhere it would be missing later. */
  takeBack(field: number, then: number, now: number): void {
    this.#advance(now);
    const bucket = Math.floor(then / this.#bucketMs);
    if (bucket > this.#newest || bucket <= this.#newest - this.#buckets) return;
    const cell = (bucket % this.#buckets) * this.#fields + field;
    const counted = this.#cells[cell] ?? 0;
    if (counted === 0) return;
    this.#cells[cell] = counted - 1;
    this.#totals[field] = (this.#totals[field] ?? 0) - 1;
  }

  total(field: number, now: number): number {
    this.#advance(now);
    return this.#totals[field] ?? 0;
  }

  clear(): void {
    this.#cells.fill(0);
    this.#totals.fill(0);
  }

  #advance(now: number): void {
    const bucket = Math.floor(now / this.#bucketMs);
    const steps = bucket - this.#newest;
    if (steps <= 0) return;
    if (steps >= this.#buckets) this.clear();
    else for (let step = 1; step <= steps; step++) this.#drop((this.#newest + step) % this.#buckets);
    this.#newest = bucket;
    this.#start = (bucket % this.#buckets) * this.#fields;
  }

  #drop(slot: number): void {
    const start = slot * this.#fields;
    for (let field = 0; field < this.#fields; field++) {
      this.#totals[field] = (this.#totals[field] ?? 0) - (this.#cells[start + field] ?? 0);
      this.#cells[start + field] = 0;
    }
  }
}
