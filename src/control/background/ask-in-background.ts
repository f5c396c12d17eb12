/** One request until it is answered or wanted no more. Knows neither who asks nor whether to ask again. */
import type { InferAnswer } from "./infer.ts";

/** `unwanted`: the signal aborted first; `broken`: the gateway itself failed on it. */
export type Asked = InferAnswer | "unwanted" | "broken";

/**
 * Does not wait for an answer that nobody wants any more, even where `infer` does not heed the signal. `report` is told
 * why one is broken that was still wanted.
 */
export function askInBackground(
  signal: AbortSignal,
  infer: (signal: AbortSignal) => Promise<InferAnswer>,
  report: (thrown: unknown) => void,
): Promise<Asked> {
  if (signal.aborted) return Promise.resolve("unwanted");
  return new Promise((resolve) => {
    const giveUp = (): void => resolve("unwanted");
    signal.addEventListener("abort", giveUp, { once: true });
    infer(signal)
      .then(resolve, (thrown: unknown) => {
        if (!signal.aborted) report(thrown);
        resolve("broken");
      })
      .finally(() => signal.removeEventListener("abort", giveUp));
  });
}
