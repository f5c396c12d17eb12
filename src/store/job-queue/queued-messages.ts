/** What every driver of the queue asks of messages before it takes them. Owns the bounds; knows no driver. */
import type { QueuedMessage } from "../job-queue.ts";
import { StoreError } from "../store-error.ts";

/** Bodies of the drivers that keep them in this process or on its disk: a request of 20 MiB, and what is noted of it. */
export const MAX_EMBEDDED_BODY_BYTES = 24 * 1024 * 1024;
/** Messages given out at once; whoever asks for more is given these. */
export const MAX_RECEIVED = 100;
export const MAX_DEAD_PAGE = 100;

/**
 * The messages to keep: the first of each id. Throws a `StoreError` of kind `too_large` where one is larger than
 * `maxBodyBytes`; nothing is to be sent then.
 */
export function takenOnce(
  messages: readonly QueuedMessage[],
  maxBodyBytes: number,
): readonly QueuedMessage[] {
  const byId = new Map<string, QueuedMessage>();
  for (const message of messages) {
    const bytes = Buffer.byteLength(message.body);
    if (bytes > maxBodyBytes) {
      throw new StoreError(
        "too_large",
        `The body of ${message.id} has ${bytes} bytes; this queue takes at most ${maxBodyBytes}. Nothing was sent.`,
      );
    }
    if (!byId.has(message.id)) byId.set(message.id, message);
  }
  return [...byId.values()];
}
