/**
 * The time of gateways on one data directory: each leaves a mark of its own there, and goes on at its start with what the
 * others have. So the dates of leases, deadlines and what waits mean the same to all of them (ADR 20).
 */
import { z } from "zod";
import { createOutage } from "../control/background/outage.ts";
import { startRhythm } from "../control/background/rhythm.ts";
import { keptFile } from "../control/policy/kept-file.ts";
import type { Clock } from "../core/clock.ts";
import type { TimeMark } from "../core/steady-time.ts";
import { describeThrown, type Log } from "./log.ts";

export const keptTime = keptFile<TimeMark>("time.json", z.object({ now: z.number(), wall: z.number() }));

/** While the time is not the clock's, each look leaves a mark: who begins must not have another. */
const LOOK_EVERY_MS = 1_000;
/** What is read one after the other differs by so much without being apart. */
const SAME_MS = 10;
/** Else so often: the clock may be set while nobody runs. */
const MARK_EVERY_MS = 10_000;

export interface TimeKeeper {
  stop(): Promise<void>;
}

/** `directory` null: nothing is shared, and nothing kept. */
export function keepTime(directory: string | null, clock: Clock, log: Log): TimeKeeper {
  if (directory === null) return { stop: async () => {} };
  const outage = createOutage((thrown) => log("error", "time_not_kept", describeThrown(thrown)));
  let markedAt = Number.NEGATIVE_INFINITY;
  return startRhythm(clock, async () => {
    const mark = { now: clock.now(), wall: clock.wall() };
    const isApart = Math.abs(mark.now - mark.wall) > SAME_MS;
    if (!isApart && mark.now - markedAt < MARK_EVERY_MS) return LOOK_EVERY_MS;
    try {
      await keptTime.save(directory, mark);
      markedAt = mark.now;
      outage.over();
    } catch (thrown) {
      outage.failed(thrown);
    }
    return LOOK_EVERY_MS;
  });
}
