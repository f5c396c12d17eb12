/**
 * Epoch time that is fit for measuring with: it never runs backwards and never stands still, whatever is done to the
 * machine's clock. Owns how it comes back to that clock; knows neither it nor the counter that it runs by.
 *
 * What is in flight is measured by differences of it, and what is kept is dated by it, so it can neither jump with
 * every correction nor ignore it:
 * - ordinarily it is the machine's clock;
 * - where that was set back, or forward by less than a minute, it runs a little slower or faster until both agree;
 * - where that is ahead by more, the machine slept, or its clock was wrong before: the time counts as passed, at once.
 *   A token that ran out meanwhile has, a connection is old, and a step that was planned for then is due.
 *
 * Processes that share what they date have one time: who begins goes on with the time that the others have, or that the
 * last of them had (`TimeMark`).
 */

/** Milliseconds, both. */
export interface TimeSources {
  /** Since some moment; never runs backwards. It may stand still while the machine sleeps. */
  elapsed(): number;
  /** Epoch, as the machine's clock has it. It is set now and then. */
  wall(): number;
}

export interface SteadyTime {
  /** Epoch milliseconds, whole. */
  now(): number;
  /** Since some moment, exactly: time that is drawn to the clock is not in it, time that the machine slept is. */
  elapsed(): number;
}

/** What a process leaves of its time for those that begin later: both at one moment, epoch milliseconds. */
export interface TimeMark {
  readonly now: number;
  readonly wall: number;
}

/** How often the machine's clock is looked at. */
const LOOK_EVERY_MS = 100;
/** Two clocks that are read one after the other and rounded differ by so much without being apart. */
const SAME_MS = 2;
/** The clock being ahead by so much is time that has passed. */
const LEAP_MS = 60_000;
/** Of the time that passes: what is measured meanwhile is wrong by as much, so little for what is soon made up for. */
const DRAWN = 1 / 10;
/** Beyond a minute. An hour is made up for in four. */
const DRAWN_FAR = 1 / 4;
/** Who left a mark so lately runs, and makes others: it is as far from the clock as it was then. */
const FRESH_MS = 5_000;
/** A mark that is ahead by more is of a clock that was wrong: to be drawn to the right one would take days. */
const TOO_FAR_MS = 24 * 3_600_000;

/** `mark`: of whoever shares what this process dates; null: nobody does. */
export function createSteadyTime({ elapsed, wall }: TimeSources, mark: TimeMark | null = null): SteadyTime {
  let leapt = 0;
  let lookedAt = elapsed();
  /** The time at the last look. */
  let base = beginning(mark, wall());
  /** How far the machine's clock was ahead then, and how fast that is made up for. */
  let gap = 0;
  let share = 0;

  const at = (count: number): number => {
    const passed = count - lookedAt;
    if (gap === 0) return base + passed;
    return base + passed + Math.sign(gap) * Math.min(Math.abs(gap), passed * share);
  };
  const look = (count: number): void => {
    base = at(count);
    lookedAt = count;
    gap = wall() - base;
    if (gap >= LEAP_MS) {
      leapt += gap;
      base += gap;
      gap = 0;
    } else if (Math.abs(gap) <= SAME_MS) gap = 0;
    share = gap < -LEAP_MS ? DRAWN_FAR : DRAWN;
  };
  const read = (): number => {
    const count = elapsed();
    if (count - lookedAt >= LOOK_EVERY_MS) look(count);
    return count;
  };
  look(lookedAt);
  return {
    now: () => Math.floor(at(read())),
    elapsed: () => read() + leapt,
  };
}

/** The time that the others have now; where none of them runs, none that they have had comes again. */
function beginning(mark: TimeMark | null, wall: number): number {
  if (mark === null) return wall;
  const age = wall - mark.wall;
  const begin = age >= 0 && age < FRESH_MS ? mark.now + age : Math.max(wall, mark.now);
  return wall - begin >= LEAP_MS || begin - wall > TOO_FAR_MS ? wall : begin;
}
