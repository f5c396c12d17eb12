/** The real clock and the real dice. The only place, with the entry point, that touches either. */
import type { Clock, Random } from "../core/clock.ts";

/** Wall-clock milliseconds that stand still rather than run backwards when the machine's clock is set back. */
export function systemClock(): Clock {
  let latest = 0;
  return {
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
}

export const systemRandom: Random = Math.random;
