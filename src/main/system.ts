/** The real clock and the real dice. The only place, with the entry point, that touches either. */

import type { Clock, Random } from "../core/clock.ts";
import { type Coalesce, createCoalescer } from "../core/coalesce.ts";
import { createCoarseTimers } from "../core/coarse-timers.ts";

/** From this delay on, being late by a tick does not matter and being cheap does. */
const COARSE_FROM_MS = 400;
const TICK_MS = 25;

/** Wall-clock milliseconds that stand still rather than run backwards when the machine's clock is set back. */
export function systemClock(): Clock {
  let latest = 0;
  const exact: Clock = {
    now() {
      const read = Date.now();
      if (read > latest) latest = read;
      return latest;
    },
    after(delayMs, callback) {
      const handle = setTimeout(callback, delayMs);
      return { cancel: () => clearTimeout(handle) };
    },
  };
  const coarse = createCoarseTimers(exact, TICK_MS);
  return {
    now: exact.now,
    after: (delayMs, callback) =>
      delayMs >= COARSE_FROM_MS ? coarse(delayMs, callback) : exact.after(delayMs, callback),
  };
}

export const systemRandom: Random = Math.random;

export function systemCoalescer(): Coalesce {
  return createCoalescer({ endOfTurn: (run) => void setImmediate(run), now: () => performance.now() });
}
