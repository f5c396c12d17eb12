/** A step that may fail or last too long. Owns its limit; what failing means is the caller's. */
import type { Clock } from "../../core/clock.ts";
import { networkFault } from "../../providers/network-fault.ts";

export interface Limit {
  readonly clock: Clock;
  readonly withinMs: number;
  /** Ends the step as if its time were over. */
  readonly signal: AbortSignal | null;
}

export type Tried<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly late: boolean; readonly thrown: unknown };

/** Never rejects. `work` is told when nobody waits any more, and left behind where it does not listen. */
export async function tryWithin<T>(
  { clock, withinMs, signal }: Limit,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<Tried<T>> {
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  const over = new Promise<never>((_, reject) => {
    controller.signal.addEventListener("abort", () => reject(controller.signal.reason), { once: true });
  });
  const timer = clock.after(withinMs, abort);
  signal?.addEventListener("abort", abort, { once: true });
  if (signal?.aborted) abort();
  try {
    return { ok: true, value: await Promise.race([over, work(controller.signal)]) };
  } catch (thrown) {
    return { ok: false, late: controller.signal.aborted, thrown };
  } finally {
    timer.cancel();
    signal?.removeEventListener("abort", abort);
  }
}

/** The code of a runtime's or library's error; never its words. */
export function codeOf(thrown: unknown): string {
  return networkFault(thrown).cause?.code ?? "unknown";
}
