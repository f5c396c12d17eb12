/** Jobs that nobody tries any more: looked at, put back, forgotten. Owns what is told of them; their requests are not. */
import type { DeadLetter } from "../../store/job-queue.ts";
import type { AuditTrail } from "../audit/audit-trail.ts";
import type { JobPorts } from "./job-ports.ts";
import { readMessage } from "./message.ts";

/** Put back with one question; more are left for the next. */
export const MAX_REPLAYED = 1_000;
const PAGE = 100;
/** Ids that an entry of the audit log names. */
const MAX_TOLD = 100;

export interface DeadDesk extends Pick<JobPorts, "jobs" | "queue" | "clock" | "changed"> {
  readonly audit: Pick<AuditTrail, "note">;
}

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
  /** For the page after it; null: there is none. */
  readonly cursor: string | null;
}

/** Oldest first. `after`: the cursor of the page before. */
export async function listDead(
  { queue }: Pick<DeadDesk, "queue">,
  limit: number,
  after?: string,
): Promise<DeadJobPage> {
  const { letters, cursor } = await queue.dead(limit, after);
  return { jobs: letters.map(deadJobOf), cursor };
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
  desk: DeadDesk,
  ids: readonly string[] | null,
  actor: string,
): Promise<{ readonly replayed: readonly string[]; readonly more: boolean }> {
  const { jobs, queue, clock } = desk;
  const found = ids === null ? await allDead(desk) : { ids, more: false };
  const replayed = await audited(desk, "jobs.replayed", actor, found.ids, async (done) => {
    for (let at = 0; at < found.ids.length; at += PAGE) {
      const page = found.ids.slice(at, at + PAGE);
      // What ends between the two is made up for by who receives the message.
      await eachWithItsDeath(desk, page, done, queue.replay, (id, diedAt) =>
        jobs.revive(id, diedAt, clock.now()),
      );
    }
  });
  desk.changed();
  return { replayed, more: found.more };
}

/** Forgotten for good, with their requests: the jobs stay failed. The ids that were found. */
export function discardDead(
  desk: DeadDesk,
  ids: readonly string[],
  actor: string,
): Promise<readonly string[]> {
  const { jobs, queue } = desk;
  return audited(desk, "jobs.discarded", actor, ids, (done) =>
    // The letter first: one that is still there while its job says otherwise could not be put back any more.
    eachWithItsDeath(desk, ids, done, queue.discard, jobs.abandon),
  );
}

/** `onQueue`, which alone knows what there is; then `onRecord` for what it found and died before that. */
async function eachWithItsDeath(
  { jobs }: Pick<DeadDesk, "jobs">,
  ids: readonly string[],
  done: string[],
  onQueue: (ids: readonly string[]) => Promise<readonly string[]>,
  onRecord: (id: string, diedAt: number) => Promise<unknown>,
): Promise<void> {
  const deaths = new Map<string, number>();
  for (const id of ids) {
    const job = await jobs.get(null, id);
    if (job?.dead && job.endedAt !== null) deaths.set(id, job.endedAt);
  }
  const found = await onQueue(ids);
  done.push(...found);
  for (const id of found) {
    const diedAt = deaths.get(id);
    if (diedAt !== undefined) await onRecord(id, diedAt);
  }
}

/** Writes down which jobs it was done to, also where it fails in the middle. `act` adds to `done`. */
async function audited(
  { audit }: DeadDesk,
  action: string,
  actor: string,
  wanted: readonly string[],
  act: (done: string[]) => Promise<void>,
): Promise<readonly string[]> {
  const done: string[] = [];
  const note = async (more: Readonly<Record<string, unknown>>): Promise<void> => {
    const details = { count: done.length, jobs: done.slice(0, MAX_TOLD), ...more };
    await audit.note({ actor, action, subject: "dead letters", details });
  };
  try {
    await act(done);
  } catch (thrown) {
    // A queue that failed may have done it to others of them.
    await note({ failed: true, wanted: wanted.slice(0, MAX_TOLD) });
    throw thrown;
  }
  await note({});
  return done;
}

async function allDead({
  queue,
}: Pick<DeadDesk, "queue">): Promise<{ readonly ids: readonly string[]; readonly more: boolean }> {
  const ids: string[] = [];
  for (let after: string | undefined; ; ) {
    const { letters, cursor } = await queue.dead(PAGE, after);
    ids.push(...letters.map(({ id }) => id));
    if (cursor === null) return { ids, more: false };
    after = cursor;
    if (ids.length >= MAX_REPLAYED) return { ids, more: true };
  }
}
