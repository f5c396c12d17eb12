/**
 * Work that waits, as a port: who has which message in hand, until when, how often it was tried, and what was given
 * up. Owns the shapes; knows no driver and not what a message is about.
 */

/** What is put on the queue. `body` is JSON text of at most the driver's `maxBodyBytes` bytes of UTF-8. */
export interface QueuedMessage {
  readonly id: string;
  /** Messages of one group share bounds of their own (a use case). Drivers keep it, they do not order by it. */
  readonly group: string;
  readonly body: string;
  /** Not to be received before so many milliseconds have passed; absent: at once. */
  readonly delayMs?: number;
}

/** A message in somebody's hand, until its visibility timeout is over. */
export interface Delivery {
  readonly id: string;
  readonly group: string;
  readonly body: string;
  /** Names this delivery, not the message: a later delivery of the same message has another. */
  readonly receipt: string;
  /** How often it was received, this time included. */
  readonly attempts: number;
  /** Epoch milliseconds. */
  readonly sentAt: number;
}

/** A message that nobody tries any more. */
export interface DeadLetter {
  readonly id: string;
  readonly group: string;
  readonly body: string;
  readonly attempts: number;
  /** Epoch milliseconds. */
  readonly diedAt: number;
  /** What was said when it was given up: a short, public text; null where the driver does not keep one. */
  readonly reason: string | null;
}

export interface DeadPage {
  readonly letters: readonly DeadLetter[];
  /** For the page after it, also when these letters are gone by then; null: there is none. */
  readonly cursor: string | null;
}

/** Counts; approximate where the driver cannot count exactly. */
export interface QueueDepth {
  readonly ready: number;
  readonly delayed: number;
  readonly inHand: number;
  readonly dead: number;
}

/**
 * At-least-once: what `send` acknowledged is delivered until it is acknowledged or buried, to one holder at a time
 * while its visibility timeout lasts. Methods reject with a `StoreError` when the driver fails; nothing is lost then.
 */
export interface JobQueue {
  readonly maxBodyBytes: number;
  /** When it resolves, every message survives `kill -9` of this process. An id that is on the queue is kept once. */
  send(messages: readonly QueuedMessage[]): Promise<void>;
  /** The longest waiting first, at most `max`; empty when there are none. Each stays in hand for `visibilityMs`. */
  receive(max: number, visibilityMs: number): Promise<readonly Delivery[]>;
  /**
   * In hand for `visibilityMs` from now. False: no longer this holder's. So with the next three.
   * A driver that knows that nobody else has received it extends it after its time, too: the machine may have slept,
   * or its clock been set, and what is done with it is not done twice for that.
   */
  extend(receipt: string, visibilityMs: number): Promise<boolean>;
  /** Done: it is never delivered again. */
  acknowledge(receipt: string): Promise<boolean>;
  /** Given back: to be received again when `delayMs` have passed. */
  release(receipt: string, delayMs: number): Promise<boolean>;
  /** Given up: to the dead letters, with the reason. */
  bury(delivery: Delivery, reason: string): Promise<boolean>;
  /** Oldest first. `after`: the cursor of the page before, or the id of a letter that is still there. */
  dead(limit: number, after?: string): Promise<DeadPage>;
  /** Dead letters back on the queue, attempts counted anew. The ids that were found. */
  replay(ids: readonly string[]): Promise<readonly string[]>;
  /** Dead letters forgotten, for good. The ids that were found. */
  discard(ids: readonly string[]): Promise<readonly string[]>;
  /** What waits and is in nobody's hand is forgotten. False: it is in hand, not there, or cannot be looked for. */
  withdraw(id: string): Promise<boolean>;
  depth(): Promise<QueueDepth>;
  close(): Promise<void>;
}
