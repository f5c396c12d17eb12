/** Writing what a request brought, for as long as the store is away for a moment. Owns how long and how often. */
import { type Clock, sleep } from "../../core/clock.ts";

const PATIENCE_MS = 60_000;
/** Waits double from the first to the longest. */
const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 5_000;

/**
 * What `write` resolves to, which is tried again for a minute: an answer costs money and is not given up for less.
 * Rejects with what was last thrown, when the minute is over or `signal` aborts a wait.
 */
export async function untilWritten<T>(
  clock: Clock,
  write: () => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const until = clock.now() + PATIENCE_MS;
  for (let wait = FIRST_WAIT_MS; ; wait = Math.min(2 * wait, LONGEST_WAIT_MS)) {
    try {
      return await write();
    } catch (thrown) {
      if (clock.now() >= until || !(await sleep(clock, wait, signal))) throw thrown;
    }
  }
}
