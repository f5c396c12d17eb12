/** The requests of a drill as they leave: at their times, or as fast as callers are answered. Owns the pace. */
import { sleep } from "../../core/clock.ts";
import { type AskPorts, ask } from "./ask.ts";
import { arrivals, createQuestions } from "./plan-load.ts";
import type { PreparedDrill } from "./prepared-drill.ts";
import type { Tally } from "./tally.ts";

/** Requests under way at once: past this the rest is counted as not sent. */
const MAX_ACTIVE = 10_000;
/** Requests that leave without a pause when the loop is behind. */
const BURST = 32;

/**
 * Resolves when the load is over or `stop` aborts; requests may be under way still. `startedAt` is the load's begin
 * by the ports' clock. A request's latency runs from when it was due, so that a stall is felt by all it delayed.
 */
export async function applyLoad(
  drill: PreparedDrill,
  ports: AskPorts,
  tally: Tally,
  startedAt: number,
  stop: AbortSignal,
): Promise<void> {
  const questions = createQuestions(drill);
  const launch = async (dueAt: number): Promise<void> => {
    const question = questions(tally.sent++);
    const seen = await ask(ports, question, dueAt);
    tally.add(seen, dueAt - startedAt, ports.clock.now() - startedAt);
  };
  if (drill.load.ratePerSecond === null) {
    await asFastAsAnswered(drill, ports, startedAt, stop, launch);
  } else {
    await atTheirTimes(drill, ports, tally, startedAt, stop, launch);
  }
}

type Launch = (dueAt: number) => Promise<void>;

async function atTheirTimes(
  drill: PreparedDrill,
  { clock, active }: AskPorts,
  tally: Tally,
  startedAt: number,
  stop: AbortSignal,
  launch: Launch,
): Promise<void> {
  let unpaused = 0;
  for (const due of arrivals(drill.load)) {
    const dueAt = startedAt + due;
    const wait = dueAt - clock.now();
    if (wait > 0 || ++unpaused >= BURST) {
      unpaused = 0;
      await sleep(clock, Math.max(0, wait), stop);
    }
    if (stop.aborted) return;
    if (active.size >= MAX_ACTIVE) tally.unsent++;
    else void launch(dueAt);
  }
  await sleep(clock, Math.max(0, startedAt + drill.load.durationMs - clock.now()), stop);
}

async function asFastAsAnswered(
  { load }: PreparedDrill,
  { clock }: AskPorts,
  startedAt: number,
  stop: AbortSignal,
  launch: Launch,
): Promise<void> {
  const until = startedAt + load.durationMs;
  const caller = async (): Promise<void> => {
    while (!stop.aborted && clock.now() < until) {
      const askedAt = clock.now();
      await launch(askedAt);
      // Whoever is refused at once does not ask a thousand times a second.
      if (clock.now() - askedAt < 1) await sleep(clock, 1, stop);
    }
  };
  await Promise.all(Array.from({ length: load.concurrency }, caller));
}
