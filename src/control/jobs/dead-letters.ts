/** Jobs that nobody tries any more: looked at, and put back. Owns what is told of them; their requests are not. */
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
  const found = ids === null ? await allDead(ports) : { ids, more: false };
  for (const id of found.ids) {
    // Before the message is back: whoever receives it must not find a dead job.
    await ports.jobs.revive(id, ports.clock.now());
  }
  const replayed: string[] = [];
  for (let at = 0; at < found.ids.length; at += PAGE) {
    replayed.push(...(await ports.queue.replay(found.ids.slice(at, at + PAGE))));
  }
  ports.changed();
  return { replayed, more: found.more };
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
