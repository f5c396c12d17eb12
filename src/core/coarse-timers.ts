/**
 * Many timers that hardly ever fire, for the price of one. Owns the buckets; a call's limits are set and
 * cancelled thousands of times a second, and a runtime timer for each would cost more than the rest of it.
 */
import type { Clock, Timer } from "./clock.ts";

/** Its `now` counts milliseconds from anywhere, and must go on: what is due is due by it. */
export type TimerSource = Pick<Clock, "now" | "after">;

/**
 * `after` of a clock whose timers fire up to `tickMs` late and never early. Setting and cancelling take
 * constant time, and a cancelled timer is forgotten at once. The clock is asked for one timer at most, for when the
 * first of them is due, and for none while all are cancelled: what is idle neither wakes nor keeps a process going.
 */
export function createCoarseTimers(clock: TimerSource, tickMs: number): Clock["after"] {
  const wheel = new Wheel(clock, tickMs);
  return (delayMs, callback) => wheel.add(delayMs, callback);
}

class Wheel {
  readonly #clock: TimerSource;
  readonly #tickMs: number;
  /** By the tick at which they are due. One that was emptied stays until a look finds it. */
  readonly #buckets = new Map<number, CoarseTimer[]>();
  #live = 0;
  #look: Timer | null = null;
  /** The tick that is waited for. */
  #lookAt = Number.POSITIVE_INFINITY;

  constructor(clock: TimerSource, tickMs: number) {
    this.#clock = clock;
    this.#tickMs = tickMs;
  }

  add(delayMs: number, callback: () => void): Timer {
    const now = this.#clock.now();
    const at = Math.ceil((now + delayMs) / this.#tickMs);
    let bucket = this.#buckets.get(at);
    if (!bucket) {
      bucket = [];
      this.#buckets.set(at, bucket);
    }
    this.#live++;
    if (at < this.#lookAt) this.#waitFor(at, now);
    return new CoarseTimer(this, bucket, callback);
  }

  /** A timer fired or was cancelled. */
  forget(): void {
    this.#live--;
    if (this.#live > 0) return;
    this.#buckets.clear();
    this.#look?.cancel();
    this.#lookAt = Number.POSITIVE_INFINITY;
  }

  #waitFor(at: number, now: number): void {
    this.#look?.cancel();
    this.#lookAt = at;
    this.#look = this.#clock.after(Math.max(0, at * this.#tickMs - now), this.#fireDue);
  }

  readonly #fireDue = (): void => {
    this.#lookAt = Number.POSITIVE_INFINITY;
    const due = Math.floor(this.#clock.now() / this.#tickMs);
    let next = Number.POSITIVE_INFINITY;
    const fired: CoarseTimer[] = [];
    for (const [at, bucket] of this.#buckets) {
      if (at > due && bucket.length > 0) {
        next = Math.min(next, at);
        continue;
      }
      this.#buckets.delete(at);
      fired.push(...bucket.splice(0));
    }
    // Before these fire: what they set may be due earlier, and what one throws holds up none that is still to come.
    if (next < this.#lookAt) this.#waitFor(next, this.#clock.now());
    for (const timer of fired) timer.fire();
  };
}

class CoarseTimer implements Timer {
  readonly #wheel: Wheel;
  readonly #bucket: CoarseTimer[];
  #place: number;
  #callback: (() => void) | null;

  constructor(wheel: Wheel, bucket: CoarseTimer[], callback: () => void) {
    this.#wheel = wheel;
    this.#bucket = bucket;
    this.#callback = callback;
    this.#place = bucket.push(this) - 1;
  }

  /** The last one of the bucket takes its place. */
  cancel(): void {
    if (this.#callback === null) return;
    this.#callback = null;
    const last = this.#bucket.pop();
    if (last && last !== this) {
      this.#bucket[this.#place] = last;
      last.#place = this.#place;
    }
    this.#wheel.forget();
  }

  fire(): void {
    const callback = this.#callback;
    if (callback === null) return;
    this.#callback = null;
    this.#wheel.forget();
    callback();
  }
}
