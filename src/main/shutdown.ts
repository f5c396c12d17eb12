/**
 * The end of the process: not ready → a grace time → no new connections → what is in flight finishes, or is cut off →
 * records flushed → exit. Owns the order and its limits; a second signal ends at once.
 */
import { type Clock, sleep } from "../core/clock.ts";
import type { Log } from "./log.ts";

export interface Drainable {
  /** From now on `/readyz` says no. */
  markNotReady(): void;
  /** Stops listening; connections with a request under way stay. */
  stopListening(): void;
  /** Requests whose last byte has not left. */
  pending(): number;
  /** Ends what the drain limit left over. */
  cutOff(): Promise<void>;
  /** Requests that are not on record yet, those of the background included. */
  underWay(): number;
  /** Writes what waits to be written; false where that failed. */
  flush(): Promise<boolean>;
  close(): Promise<void>;
}

const LOOK_EVERY_MS = 10;
/** For what was cut off to be recorded. A call to a provider notices within half a second that its caller is gone. */
const RECORD_LIMIT_MS = 2_000;

/** Milliseconds. */
export interface DrainLimits {
  /** Between not being ready and not listening any more. */
  readonly graceMs: number;
  /** For what is in flight when listening ends. */
  readonly drainMs: number;
}

/** Resolves with the exit code: 0 when everything finished and was written, 1 when something was cut. */
export async function drain(parts: Drainable, limits: DrainLimits, clock: Clock, log: Log): Promise<number> {
  const limitMs = limits.drainMs;
  parts.markNotReady();
  if (limits.graceMs > 0) await sleep(clock, limits.graceMs);
  const startedAt = clock.now();
  parts.stopListening();
  log("info", "draining", { inFlight: parts.pending(), limitMs });
  const left = await untilNone(parts.pending, limitMs, clock);
  if (left > 0) log("warn", "drain_limit_reached", { cut: left });
  await parts.cutOff();
  const unrecorded = await untilNone(parts.underWay, RECORD_LIMIT_MS, clock);
  if (unrecorded > 0) log("error", "requests_unrecorded", { unrecorded });
  const flushed = await parts.flush();
  if (!flushed) log("error", "records_not_flushed");
  await parts.close();
  log("info", "stopped", { afterMs: clock.now() - startedAt });
  return left === 0 && unrecorded === 0 && flushed ? 0 : 1;
}

/** How many are left when there are none, or when the limit is over: by a timer, whatever time it is meanwhile. */
async function untilNone(count: () => number, limitMs: number, clock: Clock): Promise<number> {
  let over = false;
  const limit = clock.after(limitMs, () => {
    over = true;
  });
  while (count() > 0 && !over) await sleep(clock, LOOK_EVERY_MS);
  limit.cancel();
  return count();
}

/**
 * One Ctrl-C arrives more than once: the terminal signals every process of its group, and the launcher (and
 * npm above it) forwards its own. Signals this close together are one wish. Milliseconds.
 */
const ONE_WISH_MS = 250;

/** Resolves on the first SIGTERM or SIGINT; the second one exits with 130 at once. */
export function untilSignalled(clock: Clock): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let isFirst = true;
    let isAnother = false;
    const onSignal = (signal: NodeJS.Signals): void => {
      if (isAnother) process.exit(130);
      if (!isFirst) return;
      isFirst = false;
      clock.after(ONE_WISH_MS, () => {
        isAnother = true;
      });
      resolve(signal);
    };
    process.on("SIGTERM", onSignal);
    process.on("SIGINT", onSignal);
  });
}
