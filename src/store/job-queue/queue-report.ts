/** How full the queue is, or why nobody can say. Owns the words and how long one waits; knows no driver. */
import { type Clock, within } from "../../core/clock.ts";
import type { JobQueue, QueueDepth } from "../job-queue.ts";
import { StoreError } from "../store-error.ts";

/** Whoever asks for health is not to wait for a queue that hangs. */
const WITHIN_MS = 2_000;

export interface QueueReport {
  /** Null where it is not known; then `problem` says why. */
  readonly depth: QueueDepth | null;
  /** What is wrong, where, and how to mend it. */
  readonly problem: string | null;
}

/** Never rejects, and answers within two seconds. */
export async function reportQueue(queue: JobQueue, clock: Clock): Promise<QueueReport> {
  const asked = queue.depth().then(
    (depth) => ({ depth, problem: null }),
    (thrown: unknown) => ({ depth: null, problem: problemOf(thrown) }),
  );
  const report = await within(clock, WITHIN_MS, asked);
  if (report !== "late") return report;
  return { depth: null, problem: `The queue did not answer within ${WITHIN_MS / 1_000} s.` };
}

function problemOf(thrown: unknown): string {
  return thrown instanceof StoreError
    ? thrown.message
    : "The queue failed; the log of the gateway may say why.";
}
