/** A queue that ends with the process, for `--data :memory:` and tests. Every step is synchronous, so atomic. */
import type { Clock } from "../../core/clock.ts";
import {
  MAX_DEAD_PAGE,
  MAX_EMBEDDED_BODY_BYTES,
  MAX_RECEIVED,
  takenOnce,
} from "../job-queue/queued-messages.ts";
import type { DeadLetter, Delivery, JobQueue, QueuedMessage } from "../job-queue.ts";
import { boundedLimit } from "../paging.ts";
import { StoreError } from "../store-error.ts";

interface Kept {
  readonly id: string;
  readonly group: string;
  readonly body: string;
  readonly sentAt: number;
  /** Which of two that wait equally long was sent first. */
  readonly order: number;
  /** Waits until then, or is in somebody's hand. */
  visibleAt: number;
  attempts: number;
  receipt: string | null;
}

export interface MemoryQueueOptions {
  readonly clock: Pick<Clock, "now">;
  /** Smaller than other drivers' where a test wants that. Default 24 MiB. */
  readonly maxBodyBytes?: number;
  /** Throws when the store that it belongs to is closed. */
  readonly assertOpen?: () => void;
}

export function memoryJobQueue(options: MemoryQueueOptions): JobQueue {
  const { clock, maxBodyBytes = MAX_EMBEDDED_BODY_BYTES } = options;
  const queue = new Map<string, Kept>();
  /** In the order they died, each with its place. */
  const dead = new Map<string, DeadLetter & { readonly place: number }>();
  let buried = 0;
  let sent = 0;
  let received = 0;
  let closed = false;

  const assertOpen = () => {
    options.assertOpen?.();
    if (closed) throw new StoreError("closed", "The queue is closed.");
  };
  const put = ({ id, group, body, delayMs = 0 }: QueuedMessage) => {
    if (queue.has(id)) return;
    const now = clock.now();
    const fresh = { attempts: 0, receipt: null, order: sent++ };
    queue.set(id, { id, group, body, sentAt: now, visibleAt: now + Math.max(0, delayMs), ...fresh });
  };
  /** The message, where the receipt is that of its last delivery. */
  const lastGiven = (receipt: string): Kept | null => {
    assertOpen();
    const id = receipt.slice(receipt.indexOf(":") + 1);
    const kept = queue.get(id);
    return kept?.receipt === receipt ? kept : null;
  };
  const inHand = (receipt: string): Kept | null => {
    const kept = lastGiven(receipt);
    return kept && kept.visibleAt > clock.now() ? kept : null;
  };

  return {
    maxBodyBytes,
    async send(messages) {
      assertOpen();
      for (const message of takenOnce(messages, maxBodyBytes)) put(message);
    },
    async receive(max, visibilityMs) {
      assertOpen();
      const now = clock.now();
      return [...queue.values()]
        .filter(({ visibleAt }) => visibleAt <= now)
        .sort((a, b) => a.visibleAt - b.visibleAt || a.order - b.order)
        .slice(0, boundedLimit(max, MAX_RECEIVED))
        .map((kept) => deliver(kept, `${++received}:${kept.id}`, now + visibilityMs));
    },
    async extend(receipt, visibilityMs) {
      const kept = lastGiven(receipt);
      if (kept) kept.visibleAt = clock.now() + visibilityMs;
      return kept !== null;
    },
    async acknowledge(receipt) {
      const kept = inHand(receipt);
      return kept !== null && queue.delete(kept.id);
    },
    async release(receipt, delayMs) {
      const kept = inHand(receipt);
      if (kept) Object.assign(kept, { receipt: null, visibleAt: clock.now() + Math.max(0, delayMs) });
      return kept !== null;
    },
    async bury({ receipt }, reason) {
      const kept = inHand(receipt);
      if (!kept) return false;
      const { id, group, body, attempts } = kept;
      queue.delete(id);
      dead.delete(id);
      dead.set(id, { id, group, body, attempts, diedAt: clock.now(), reason, place: ++buried });
      return true;
    },
    async dead(limit, after) {
      assertOpen();
      const count = boundedLimit(limit, MAX_DEAD_PAGE);
      const passed = dead.get(after ?? "")?.place ?? Number(after ?? 0);
      const rest = [...dead.values()].filter(({ place }) => !(place <= passed));
      const letters = rest.slice(0, count).map(({ place: _place, ...letter }) => letter);
      return { letters, cursor: rest.length > count ? String(rest[count - 1]?.place) : null };
    },
    async replay(ids) {
      assertOpen();
      return [...new Set(ids)].filter((id) => {
        const letter = dead.get(id);
        if (letter) put(letter);
        return dead.delete(id);
      });
    },
    async discard(ids) {
      assertOpen();
      return [...new Set(ids)].filter((id) => dead.delete(id));
    },
    async withdraw(id) {
      assertOpen();
      const kept = queue.get(id);
      const isHeld = kept !== undefined && kept.receipt !== null && kept.visibleAt > clock.now();
      return !isHeld && queue.delete(id);
    },
    async depth() {
      assertOpen();
      const now = clock.now();
      const waiting = [...queue.values()].filter(({ visibleAt }) => visibleAt > now);
      const inHandNow = waiting.filter(({ receipt }) => receipt !== null).length;
      return {
        ready: queue.size - waiting.length,
        delayed: waiting.length - inHandNow,
        inHand: inHandNow,
        dead: dead.size,
      };
    },
    async close() {
      closed = true;
    },
  };
}

function deliver(kept: Kept, receipt: string, visibleAt: number): Delivery {
  kept.receipt = receipt;
  kept.visibleAt = visibleAt;
  kept.attempts++;
  const { id, group, body, attempts, sentAt } = kept;
  return { id, group, body, receipt, attempts, sentAt };
}
