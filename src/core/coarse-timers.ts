/**
 * Many timers that hardly ever fire, for the price of one. Owns the buckets; a call's limits are set and
 * cancelled thousands of times a second, and a runtime timer for each would cost more than the rest of it.
 */
import type { Clock, Timer } from "./clock.ts";

/**
 * `after` of a clock whose timers fire up to `tickMs` late and never early. Setting and cancelling take
 * constant time, and a cancelled timer is forgotten at once.
 */
export function createCoarseTimers(clock: Clock, tickMs: number): Clock["after"] {
  const buckets = new Map<number, CoarseTimer[]>();
  let ticking = false;

  const tick = (): void => {
    ticking = false;
    const due = Math.floor(clock.now() / tickMs);
    for (const [at, bucket] of buckets) {
      // One whose timers were all cancelled must not keep the clock, and the process, going until it is due.
      if (at > due && bucket.length > 0) continue;
      buckets.delete(at);
      for (const timer of bucket.splice(0)) timer.fire();
    }
    if (buckets.size > 0) schedule();
  };
  const schedule = (): void => {
    if (ticking) return;
    ticking = true;
    clock.after(tickMs, tick);
  };

  return (delayMs, callback) => {
    const at = Math.ceil((clock.now() + delayMs) / tickMs);
    let bucket = buckets.get(at);
    if (!bucket) {
      bucket = [];
      buckets.set(at, bucket);
    }
    const timer = new CoarseTimer(bucket, callback);
    schedule();
    return timer;
  };
}

class CoarseTimer implements Timer {
  readonly #bucket: CoarseTimer[];
  #place: number;
  #callback: (() => void) | null;

  constructor(bucket: CoarseTimer[], callback: () => void) {
    this.#bucket = bucket;
    this.#callback = callback;
    this.#place = bucket.push(this) - 1;
  }

  /** The last one of the bucket takes its place. */
  cancel(): void {
    if (this.#callback === null) return;
    this.#callback = null;
    const last = this.#bucket.pop();
    if (!last || last === this) return;
    this.#bucket[this.#place] = last;
    last.#place = this.#place;
  }

  fire(): void {
    const callback = this.#callback;
    this.#callback = null;
    callback?.();
  }
}
