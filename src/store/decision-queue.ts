/**
 * Between the request path and the store: bounded, in order, never in the way. Owns batching, retries and
 * the count of what was lost; knows no driver.
 */
import type { Clock, Timer } from "../core/clock.ts";
import type { Decision } from "../core/decision.ts";
import { type DecisionRecord, type DecisionStore, recordOf } from "./decision-store.ts";

const DEFAULT_CAPACITY = 10_000;
const DEFAULT_FLUSH_MS = 100;
const DEFAULT_MAX_BATCH = 512;
const DEFAULT_FLUSH_TIMEOUT_MS = 5_000;
const MAX_BACKOFF_MS = 5_000;

export interface DecisionQueueOptions {
  readonly store: Pick<DecisionStore, "append">;
  readonly clock: Clock;
  /** Records held, those being written included. Default 10,000. */
  readonly capacity?: number;
  /** Milliseconds a record waits for company before it is written. Default 100. */
  readonly flushMs?: number;
  /** Records a write. Default 512. */
  readonly maxBatch?: number;
}

export interface DecisionQueueStats {
  /** Records that wait or are being written. */
  readonly depth: number;
  readonly written: number;
  /** Writes that failed, first tries and retries alike; their records are kept and tried again. */
  readonly failed: number;
  /** Why the last write failed, for the log; null once a write succeeds. */
  readonly lastError: string | null;
  /** Records lost, by reason: the queue was full, or was closed before they were written. */
  readonly dropped: { readonly full: number; readonly closed: number };
}

export interface DecisionQueue {
  /** Synchronous, never throws and never blocks. When the queue is full the newest, `decision`, is lost. */
  push(decision: Decision): void;
  /** Writes at once. True when all that was pushed before is written, false after `timeoutMs` (5,000). */
  flush(timeoutMs?: number): Promise<boolean>;
  stats(): DecisionQueueStats;
  /** Stops for good: no timer is left, what waits counts as lost. The store stays open. */
  close(): void;
}

export function createDecisionQueue(options: DecisionQueueOptions): DecisionQueue {
  return new Queue(options);
}

interface Waiter {
  /** How many records must be written before it may go on. */
  readonly target: number;
  readonly timer: Timer;
  readonly resolve: (written: boolean) => void;
}

class Queue implements DecisionQueue {
  readonly #store: Pick<DecisionStore, "append">;
  readonly #clock: Clock;
  readonly #capacity: number;
  readonly #flushMs: number;
  readonly #maxBatch: number;
  #waiting: DecisionRecord[] = [];
  /** The batch being written, or to be written again. */
  #batch: DecisionRecord[] = [];
  #writing = false;
  #closed = false;
  /** The next write; at most one, and none while idle. */
  #timer: Timer | null = null;
  #waiters: Waiter[] = [];
  #failuresInARow = 0;
  #written = 0;
  #failed = 0;
  #lastError: string | null = null;
  #droppedFull = 0;
  #droppedClosed = 0;

  constructor(options: DecisionQueueOptions) {
    this.#store = options.store;
    this.#clock = options.clock;
    this.#capacity = options.capacity ?? DEFAULT_CAPACITY;
    this.#flushMs = options.flushMs ?? DEFAULT_FLUSH_MS;
    this.#maxBatch = options.maxBatch ?? DEFAULT_MAX_BATCH;
  }

  push(decision: Decision): void {
    if (this.#closed) {
      this.#droppedClosed++;
      return;
    }
    const waiting = this.#waiting;
    if (waiting.length + this.#batch.length >= this.#capacity) {
      this.#droppedFull++;
      return;
    }
    waiting.push(recordOf(decision));
    if (waiting.length === 1) {
      if (this.#batch.length === 0) this.#schedule(this.#flushMs);
    } else if (waiting.length === this.#maxBatch && this.#batch.length === 0) {
      // A full batch need not wait, but is not written here: the request goes first.
      this.#schedule(0);
    }
  }

  flush(timeoutMs = DEFAULT_FLUSH_TIMEOUT_MS): Promise<boolean> {
    const depth = this.#depth();
    if (depth === 0) return Promise.resolve(true);
    if (this.#closed) return Promise.resolve(false);
    return new Promise((resolve) => {
      const timer = this.#clock.after(timeoutMs, () => {
        this.#waiters = this.#waiters.filter((other) => other !== waiter);
        resolve(false);
      });
      const waiter: Waiter = { target: this.#written + depth, timer, resolve };
      this.#waiters.push(waiter);
      if (!this.#writing) this.#write();
    });
  }

  stats(): DecisionQueueStats {
    return {
      depth: this.#depth(),
      written: this.#written,
      failed: this.#failed,
      lastError: this.#lastError,
      dropped: { full: this.#droppedFull, closed: this.#droppedClosed },
    };
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#timer?.cancel();
    this.#timer = null;
    this.#droppedClosed += this.#waiting.length;
    this.#waiting = [];
    // What is on its way to the store may still arrive; its answer decides what it counts as.
    if (!this.#writing) this.#abandonBatch();
    for (const waiter of this.#waiters.splice(0)) {
      waiter.timer.cancel();
      waiter.resolve(false);
    }
  }

  #depth(): number {
    return this.#waiting.length + this.#batch.length;
  }

  #abandonBatch(): void {
    this.#droppedClosed += this.#batch.length;
    this.#batch = [];
  }

  #schedule(delayMs: number): void {
    this.#timer?.cancel();
    this.#timer = this.#clock.after(delayMs, this.#write);
  }

  readonly #write = (): void => {
    this.#timer?.cancel();
    this.#timer = null;
    if (this.#batch.length === 0) this.#takeBatch();
    this.#writing = true;
    this.#append(this.#batch).then(this.#onWritten, this.#onFailed);
  };

  #takeBatch(): void {
    if (this.#waiting.length <= this.#maxBatch) {
      this.#batch = this.#waiting;
      this.#waiting = [];
    } else {
      this.#batch = this.#waiting.splice(0, this.#maxBatch);
    }
  }

  /** Async, so that a store that throws instead of rejecting is treated alike. */
  async #append(batch: readonly DecisionRecord[]): Promise<void> {
    await this.#store.append(batch);
  }

  readonly #onWritten = (): void => {
    this.#writing = false;
    this.#failuresInARow = 0;
    this.#lastError = null;
    this.#written += this.#batch.length;
    this.#batch = [];
    this.#releaseWaiters();
    if (this.#waiting.length === 0) return;
    // This runs in a task of the store's, not in a request's: a full batch may be written here.
    if (this.#waiters.length > 0 || this.#waiting.length >= this.#maxBatch) this.#write();
    else this.#schedule(this.#flushMs);
  };

  readonly #onFailed = (reason: unknown): void => {
    this.#writing = false;
    this.#failed++;
    this.#lastError = reason instanceof Error ? reason.message : String(reason);
    if (this.#closed) {
      this.#abandonBatch();
      return;
    }
    const backoff = this.#flushMs * 2 ** Math.min(this.#failuresInARow, 16);
    this.#failuresInARow++;
    this.#schedule(Math.min(MAX_BACKOFF_MS, backoff));
  };

  #releaseWaiters(): void {
    if (this.#waiters.length === 0) return;
    this.#waiters = this.#waiters.filter((waiter) => {
      if (waiter.target > this.#written) return true;
      waiter.timer.cancel();
      waiter.resolve(true);
      return false;
    });
  }
}
