/**
 * What happens to jobs without anybody asking: those that the queue may not have are sent, those whose time is over
 * end, old ones are forgotten, and what waits is counted. Each has its rhythm; several processes may do it at once.
 */
import { createOutage } from "../background/outage.ts";
import { startRhythm } from "../background/rhythm.ts";
import type { JobStats, JobWorkPorts } from "./job-ports.ts";
import { concludeExpired, concludeUnseen } from "./run-jobs.ts";
import { send } from "./submit.ts";

const AT_ONCE = 100;
/** One that runs is ended by whoever runs it; beyond this, nobody does. */
const RUNNING_LATE_MS = 10 * 60_000;

export interface Tidying {
  stats(): JobStats;
  stop(): Promise<void>;
}

interface Around {
  isHeld(id: string): boolean;
  wake(): void;
}

export function startTidying(ports: JobWorkPorts, around: Around): Tidying {
  const { jobs, queue, clock, limits, snapshot } = ports;
  const outage = createOutage((thrown) => ports.report(null, thrown));
  let stats: JobStats = { counts: [], depth: null, at: clock.now() };
  let nextSweepAt = 0;
  const sendUnsent = async (now: number): Promise<void> => {
    for (const unsent of await jobs.unsent(now - limits.tidyMs, AT_ONCE)) {
      await send({ queue, jobs, clock, changed: around.wake }, unsent);
    }
  };
  const endOverdue = async (now: number): Promise<void> => {
    for (const job of await jobs.overdue({ waiting: now, running: now - RUNNING_LATE_MS }, AT_ONCE)) {
      if (around.isHeld(job.id)) continue;
      if (ports.sharedQueue && job.attempts === 0) await concludeUnseen({ order: job }, ports);
      else await concludeExpired({ order: job }, job.fault, ports);
      // Nobody may come for it any more: the environment that it is of can be gone.
      await queue.withdraw(job.id);
    }
  };
  const count = async (now: number): Promise<void> => {
    const counts = await jobs.counts();
    stats = { counts, depth: stats.depth, at: now };
    stats = { counts, depth: await queue.depth(), at: now };
  };
  const sweep = async (now: number): Promise<void> => {
    if (now < nextSweepAt) return;
    nextSweepAt = now + limits.sweepMs;
    const endedBefore = now - snapshot().jobs.keepMs;
    // The letters of a queue that is the store's own stay until somebody takes them. Of others nobody says when they go.
    await (ports.sharedQueue ? jobs.sweep(endedBefore) : jobs.sweep(endedBefore, 0));
  };
  const rhythm = startRhythm(clock, async () => {
    const now = clock.now();
    // Each for itself: a queue that is away is no reason to keep what is over.
    const done = await Promise.allSettled([sendUnsent(now), endOverdue(now), count(now), sweep(now)]);
    const failure = done.find(({ status }) => status === "rejected");
    if (failure?.status === "rejected") outage.failed(failure.reason);
    else outage.over();
    return limits.tidyMs;
  });
  return { stats: () => stats, stop: rhythm.stop };
}
