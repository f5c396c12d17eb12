/** One batch in one process's hands: how it is told to stop, and why. Knows nothing of the work. */
import type { Batch } from "../../core/batches.ts";

/** `lost`: the lease is over or somebody else has the batch; `stopped`: this process ends. */
export type StopReason = "cancelled" | "expired" | "lost" | "stopped";

export interface Run {
  /** As it was when it was claimed. */
  readonly batch: Batch;
  readonly owner: string;
  /** Aborted: nothing new is started; what is under way may finish. */
  readonly stop: AbortSignal;
  /** Aborted: what is under way is wanted no more. */
  readonly cut: AbortSignal;
  /** Why it stopped, null while it goes on. */
  stopReason(): StopReason | null;
}

export interface RunControls {
  readonly run: Run;
  /** The first reason stays. */
  stop(reason: StopReason): void;
  cut(): void;
}

export function createRun(batch: Batch, owner: string): RunControls {
  const stop = new AbortController();
  const cut = new AbortController();
  let reason: StopReason | null = null;
  return {
    run: { batch, owner, stop: stop.signal, cut: cut.signal, stopReason: () => reason },
    stop(why) {
      reason ??= why;
      stop.abort();
    },
    cut: () => cut.abort(),
  };
}
