/** The real clock and the real dice. The only place, with the entry point, that touches either. */

import type { Clock, Random, Timer } from "../core/clock.ts";
import { type Coalesce, createCoalescer } from "../core/coalesce.ts";
import { createCoarseTimers } from "../core/coarse-timers.ts";
import { createSteadyTime, type TimeMark, type TimeSources } from "../core/steady-time.ts";

/** From this delay on, being late by a tick does not matter and being cheap does. */
const COARSE_FROM_MS = 400;
const TICK_MS = 25;

/** The machine's clock, its counter and the runtime's timers; given in tests alone. */
export interface Readings extends TimeSources {
  after(delayMs: number, callback: () => void): Timer;
}

const MACHINE: Readings = {
  elapsed: () => performance.now(),
  wall: () => Date.now(),
  after(delayMs, callback) {
    const handle = setTimeout(callback, delayMs);
    return { cancel: () => clearTimeout(handle) };
  },
};

/**
 * The time of day that the machine has, measured by its counter: setting its clock stops nothing and ends nothing. `mark`:
 * of the processes that share this one's data.
 */
export function systemClock(mark: TimeMark | null = null, readings: Readings = MACHINE): Clock {
  const { elapsed, wall, after } = readings;
  const time = createSteadyTime({ elapsed, wall }, mark);
  const coarse = createCoarseTimers({ now: time.elapsed, after }, TICK_MS);
  return {
    now: time.now,
    wall,
    after: (delayMs, callback) =>
      delayMs >= COARSE_FROM_MS ? coarse(delayMs, callback) : after(delayMs, callback),
  };
}

export const systemRandom: Random = Math.random;

export function systemCoalescer(): Coalesce {
  return createCoalescer({ endOfTurn: (run) => void setImmediate(run), now: () => performance.now() });
}
