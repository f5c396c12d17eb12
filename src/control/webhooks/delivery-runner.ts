/**
 * Delivers in the background what is due: the answers to tickets, the ends of jobs. Owns the rhythm; the store sees
 * to it that no two processes deliver the same at once, and a process that dies leaves it to the next.
 */
import type { Clock, Timer } from "../../core/clock.ts";

/** Between two looks for work that nobody announced. */
const IDLE_MS = 15_000;
/** For so long what was taken is this process's to deliver. */
const HELD_MS = 60_000;
const AT_ONCE = 8;
const SWEEP_MS = 60 * 60_000;

export interface DeliveryRunner {
  /** There may be something to deliver: look now. */
  wake(): void;
  /** Starts nothing new; resolves when nothing is under way. Before the store is closed. */
  stop(): Promise<void>;
}

export interface DeliveryPorts<Item> {
  readonly clock: Clock;
  /** What is due now; until `heldUntil` nobody else is given it. */
  takeDue(now: number, heldUntil: number, limit: number): Promise<readonly Item[]>;
  /** Delivers and notes what became of it; epoch milliseconds when it is to be tried again, null: not by us. */
  deliver(item: Item): Promise<number | null>;
  /** Once an hour. */
  sweep(now: number): Promise<unknown>;
  /** Told once, until the store is back. */
  report(thrown: unknown): void;
}

export function startDeliveries<Item>(ports: DeliveryPorts<Item>): DeliveryRunner {
  const runner = new Runner(ports);
  // Handed on as they are, these need no owner.
  return { wake: () => runner.wake(), stop: () => runner.stop() };
}

class Runner<Item> {
  readonly #ports: DeliveryPorts<Item>;
  #looking: Promise<void> | null = null;
  #again = false;
  #timer: Timer | null = null;
  #nextLookMs = IDLE_MS;
  #nextSweepAt = 0;
  #failing = false;
  #stopping = false;

  constructor(ports: DeliveryPorts<Item>) {
    this.#ports = ports;
    this.wake();
  }

  wake(): void {
    if (this.#stopping) return;
    if (this.#looking) {
      this.#again = true;
      return;
    }
    this.#timer?.cancel();
    this.#looking = this.#look().finally(() => {
      this.#looking = null;
      if (this.#stopping) return;
      const delay = this.#again ? 0 : this.#nextLookMs;
      this.#again = false;
      this.#timer = this.#ports.clock.after(delay, () => this.wake());
    });
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    this.#timer?.cancel();
    await this.#looking;
  }

  /** Never rejects. */
  async #look(): Promise<void> {
    const { clock, takeDue } = this.#ports;
    this.#nextLookMs = IDLE_MS;
    try {
      for (;;) {
        const now = clock.now();
        const due = this.#stopping ? [] : await takeDue(now, now + HELD_MS, AT_ONCE);
        if (due.length === 0) break;
        await Promise.all(due.map((item) => this.#deliver(item)));
      }
      await this.#sweepWhenDue();
      this.#failing = false;
    } catch (thrown) {
      if (!this.#failing) this.#ports.report(thrown);
      this.#failing = true;
    }
  }

  async #deliver(item: Item): Promise<void> {
    const { clock, deliver } = this.#ports;
    const againAt = await deliver(item);
    if (againAt !== null) this.#nextLookMs = Math.min(this.#nextLookMs, Math.max(0, againAt - clock.now()));
  }

  async #sweepWhenDue(): Promise<void> {
    const now = this.#ports.clock.now();
    if (this.#stopping || now < this.#nextSweepAt) return;
    this.#nextSweepAt = now + SWEEP_MS;
    await this.#ports.sweep(now);
  }
}
