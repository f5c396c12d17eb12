/** Time and chance as arguments. Owns the ports; knows no real clock (main.ts has those). */

/** A started timer; `cancel` after it fired is harmless. */
export interface Timer {
  cancel(): void;
}

/** Where time comes from. */
export interface Clock {
  /** Epoch milliseconds. Never runs backwards within a process, and measures what passes (`steady-time.ts`). */
  now(): number;
  /**
   * Epoch milliseconds as the machine's clock has them at this moment, for dates that others hold against their own or have
   * given by them: a signature, a `Retry-After`, the end of a token. It is set now and then, either way; nothing is measured
   * with it.
   */
  wall(): number;
  /** Runs `callback` once, at the earliest `delayMs` milliseconds from now. */
  after(delayMs: number, callback: () => void): Timer;
}

/** A uniform number in [0, 1). */
export type Random = () => number;

/** Resolves after `delayMs`, or at once (with `false`) when `signal` aborts first. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<boolean> {
  if (signal?.aborted) return Promise.resolve(false);
  return new Promise((resolve) => {
    const onAbort = () => {
      timer.cancel();
      resolve(false);
    };
    const timer = clock.after(delayMs, () => {
      signal?.removeEventListener("abort", onAbort);
      resolve(true);
    });
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

/**
 * What `work` settles as, or `"late"` when it has not after `limitMs`. It goes on then, and nobody hears what becomes of
 * it, a rejection included.
 */
export async function within<T>(clock: Clock, limitMs: number, work: Promise<T>): Promise<T | "late"> {
  const { promise: late, resolve } = Promise.withResolvers<"late">();
  const timer = clock.after(limitMs, () => resolve("late"));
  try {
    return await Promise.race([work, late]);
  } finally {
    timer.cancel();
  }
}

/** A small, fast, seedable generator (mulberry32). Not for secrets. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
