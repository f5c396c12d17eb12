/** Jobs that nobody tries any more: looked at, put back, forgotten. Owns what is told of them; their requests are not. */
import type { DeadLetter } from "../../store/job-queue.ts";
import type { JobPorts } from "./job-ports.ts";
import { readMessage } from "./message.ts";

/** Put back with one question; more are left for the next. */
export const MAX_REPLAYED = 1_000;
const PAGE = 100;

export interface DeadJob {
  readonly id: string;
  /** Null where the message is not one of ours. */
  readonly tenant: string | null;
  readonly useCase: string;
  readonly createdAt: number | null;
  readonly diedAt: number;
  readonly reason: string | null;
}

export interface DeadJobPage {
  readonly jobs: readonly DeadJob[];
  readonly more: boolean;
}

/** Oldest first. `after`: the id of the last one of the page before. */
export async function listDead({ queue }: JobPorts, limit: number, after?: string): Promise<DeadJobPage> {
  const { letters, more } = await queue.dead(limit, after);
  return { jobs: letters.map(deadJobOf), more };
}

function deadJobOf({ id, group, body, diedAt, reason }: DeadLetter): DeadJob {
  const order = readMessage(body);
  const { tenant = null, createdAt = null } = order ?? {};
  return { id, tenant, useCase: order?.useCase ?? group, createdAt, diedAt, reason };
}

/**
 * Back on the queue, tries counted anew, with as much time as it was given at first. `ids` null: all, as many as
 * `MAX_REPLAYED`. The ids that were found.
 */
export async function replayDead(
  ports: JobPorts,
  ids: readonly string[] | null,
): Promise<{ readonly replayed: readonly string[]; readonly more: boolean }> {
  const { jobs, queue, clock } = ports;
  const found = ids === null ? await allDead(ports) : { ids, more: false };
  const replayed: string[] = [];
  for (let at = 0; at < found.ids.length; at += PAGE) {
    // The queue alone knows which letters there are. What ends after it is made up for by who receives the message.
    const back = await eachWithItsDeath(ports, found.ids.slice(at, at + PAGE), queue.replay, (id, diedAt) =>
      jobs.revive(id, diedAt, clock.now()),
    );
    replayed.push(...back);
  }
  ports.changed();
  return { replayed, more: found.more };
}

/**
 * Forgotten for good, with their requests: the jobs stay failed, and have no dead letter. The ids that were found.
 */
export function discardDead(ports: JobPorts, ids: readonly string[]): Promise<readonly string[]> {
  const { jobs, queue } = ports;
  // The letter first: one that is still there while its job says otherwise could not be put back any more.
  return eachWithItsDeath(ports, ids, queue.discard, jobs.abandon);
}

/** `onQueue`, then `onRecord` for each that it found, and for the death that was on record before. */
async function eachWithItsDeath(
  { jobs }: Pick<JobPorts, "jobs">,
  ids: readonly string[],
  onQueue: (ids: readonly string[]) => Promise<readonly string[]>,
  onRecord: (id: string, diedAt: number) => Promise<unknown>,
): Promise<readonly string[]> {
  const deaths = new Map<string, number>();
  for (const id of ids) {
    const job = await jobs.get(null, id);
    if (job?.dead && job.endedAt !== null) deaths.set(id, job.endedAt);
  }
  const found = await onQueue(ids);
  for (const id of found) {
    const diedAt = deaths.get(id);
    if (diedAt !== undefined) await onRecord(id, diedAt);
  }
  return found;
}

async function allDead({
  queue,
}: JobPorts): Promise<{ readonly ids: readonly string[]; readonly more: boolean }> {
  const ids: string[] = [];
  for (;;) {
    const { letters, more } = await queue.dead(PAGE, ids.at(-1));
    ids.push(...letters.map(({ id }) => id));
    if (!more || letters.length === 0) return { ids, more: false };
    if (ids.length >= MAX_REPLAYED) return { ids, more: true };
  }
}
