/** A job in this process's hand, from its message's arrival to the end of its try: how it is told to stop, and why. */
import type { JobOrder } from "../../core/jobs.ts";
import type { Delivery } from "../../store/job-queue.ts";
import { batchKeyOf, countInputs } from "./micro-batch.ts";

/** `lost`: the message is somebody else's by now; `stopped`: this process ends. */
export type HeldEnd = "cancelled" | "expired" | "lost" | "stopped";

export interface Held {
  readonly order: JobOrder;
  /** Epoch milliseconds; beyond what the order says where it was put back. */
  readonly expiresAt: number;
  readonly bytes: number;
  /** When it came into this hand. */
  readonly since: number;
  /** Of its latest delivery. */
  delivery: Delivery;
  /** Until when the message is in this hand. */
  heldUntil: number;
  running: boolean;
  /** Jobs with the same key can be asked for together; null: alone. */
  readonly batchKey: string | null;
  readonly inputs: number;
  /** Aborted: its call is wanted no more. */
  readonly signal: AbortSignal;
  /** Why it stopped, null while it goes on. The first reason stays. */
  ended(): HeldEnd | null;
  end(why: HeldEnd): void;
}

export function hold(
  delivery: Delivery,
  order: JobOrder,
  times: { readonly expiresAt: number; readonly since: number; readonly heldUntil: number },
): Held {
  const controller = new AbortController();
  let reason: HeldEnd | null = null;
  return {
    ...times,
    order,
    delivery,
    bytes: Buffer.byteLength(delivery.body),
    running: false,
    batchKey: batchKeyOf(order),
    inputs: countInputs(order.body),
    signal: controller.signal,
    ended: () => reason,
    end(why) {
      reason ??= why;
      controller.abort();
    },
  };
}
