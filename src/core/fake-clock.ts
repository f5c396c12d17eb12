/** A hand-driven clock for tests. Owns virtual time; nothing fires until `advance` is called. */
import type { Clock, Timer } from "./clock.ts";

interface Pending {
  readonly at: number;
  readonly order: number;
  readonly callback: () => void;
}

export class FakeClock implements Clock {
  /** How far this clock is ahead of its machine's. */
  aheadMs = 0;
  #now: number;
  #order = 0;
  #pending: Pending[] = [];

  constructor(startMs = 1_700_000_000_000) {
    this.#now = startMs;
  }

  now(): number {
    return this.#now;
  }

  wall(): number {
    return this.#now - this.aheadMs;
  }

  after(delayMs: number, callback: () => void): Timer {
    const entry: Pending = { at: this.#now + Math.max(0, delayMs), order: this.#order++, callback };
    this.#pending.push(entry);
    return {
      cancel: () => {
        this.#pending = this.#pending.filter((other) => other !== entry);
      },
    };
  }

  /** How many timers wait; a test that ends with some left has leaked them. */
  get pending(): number {
    return this.#pending.length;
  }

  /** Moves time on, firing due timers in order and letting promises settle between them. */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms;
    await settle();
    for (;;) {
      const due = this.#pending
        .filter((entry) => entry.at <= until)
        .sort((a, b) => a.at - b.at || a.order - b.order)[0];
      if (!due) break;
      this.#pending = this.#pending.filter((other) => other !== due);
      this.#now = Math.max(this.#now, due.at);
      due.callback();
      await settle();
    }
    this.#now = until;
  }
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
}
