/**
 * What this process received and did not give back: SQS says of no receipt whether it is over, so this does. Owns the
 * deadlines; asks nobody.
 */
import type { Clock } from "../../core/clock.ts";
import type { Enveloped } from "./envelope.ts";

/** No message is in hand for longer, however often it is extended. */
export const MAX_VISIBILITY_MS = 12 * 60 * 60 * 1_000;
/**
 * What SQS is asked for beyond what the holder was promised: the answer travels and seconds are rounded, and the
 * holder's time must be over before SQS gives the message to the next.
 */
const SLACK_MS = 2_000;

export interface Held extends Enveloped {
  readonly receipt: string;
  readonly attempts: number;
  /** Epoch milliseconds, not later than SQS's. */
  readonly receivedAt: number;
  /** The promise ends. */
  readonly until: number;
}

export interface InHand {
  take(held: Held): void;
  /** Null: over, done, given back, or not received by this process. */
  find(receipt: string): Held | null;
  prolong(receipt: string, until: number): void;
  drop(receipt: string): void;
}

export function createInHand(clock: Pick<Clock, "now">): InHand {
  const held = new Map<string, Held>();
  const forgetOver = () => {
    for (const [receipt, { until }] of held) if (until <= clock.now()) held.delete(receipt);
  };
  return {
    take(one) {
      forgetOver();
      held.set(one.receipt, one);
    },
    find(receipt) {
      const found = held.get(receipt);
      return found && found.until > clock.now() ? found : null;
    },
    prolong(receipt, until) {
      const found = held.get(receipt);
      if (found) held.set(receipt, { ...found, until });
    },
    drop: (receipt) => void held.delete(receipt),
  };
}

/** Seconds to ask SQS for, when the holder is promised so many milliseconds. */
export function visibilitySeconds(ms: number): number {
  return Math.ceil((Math.min(Math.max(0, ms), MAX_VISIBILITY_MS - SLACK_MS) + SLACK_MS) / 1_000);
}

/** The end of the promise: SQS counts from some time between the question and the answer. */
export function promisedUntil(askedAt: number, answeredAt: number, ms: number): number {
  return Math.min(answeredAt, askedAt + SLACK_MS) + Math.min(Math.max(0, ms), MAX_VISIBILITY_MS - SLACK_MS);
}
