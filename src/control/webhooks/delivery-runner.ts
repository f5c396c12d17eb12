/**
 * Delivers in the background what is due: the answers to tickets, the ends of jobs. Owns how many are under way, and
 * whose turn it is: a receiver that is slow holds up itself alone. The store sees to it that no two processes deliver
 * the same at once, and a process that dies leaves it to the next.
 */
import type { Clock } from "../../core/clock.ts";
import { createOutage, type Outage } from "../background/outage.ts";
import { type Rhythm, startRhythm } from "../background/rhythm.ts";

/** Between two looks for work that nobody announced. */
const IDLE_MS = 15_000;
/** For so long what was taken is this process's to deliver. */
const HELD_MS = 60_000;
/** Under way in all, and to one receiver. */
const AT_ONCE = 32;
const AT_ONCE_EACH = 4;
const SWEEP_MS = 60 * 60_000;

export interface DeliveryRunner {
  /** There may be something to deliver: look now. */
  wake(): void;
  /** Starts nothing new; resolves when nothing is under way. Before the store is closed. */
  stop(): Promise<void>;
}

/** What is due waits in lines, as the store can tell them apart; several lines may go to one receiver. */
export interface DeliveryPorts<Item extends { readonly id: string }, Line> {
  readonly clock: Clock;
  /** Lines that have something due now, the one that has waited longest first. */
  dueLines(now: number): Promise<readonly Line[]>;
  receiverOf(line: Line): string;
  /** Takes the oldest of a line that are due now; until `heldUntil` nobody else is given them. */
  takeDue(line: Line, now: number, heldUntil: number, limit: number): Promise<readonly Item[]>;
  /** Delivers and notes what became of it; epoch milliseconds when it is to be tried again, null: not by us. */
  deliver(item: Item): Promise<number | null>;
  /** Once an hour. */
  sweep(now: number): Promise<unknown>;
  /** Told once, until the store is back. */
  report(thrown: unknown): void;
}

export function startDeliveries<Item extends { readonly id: string }, Line>(
  ports: DeliveryPorts<Item, Line>,
): DeliveryRunner {
  const runner = new Runner(ports);
  // Handed on as they are, these need no owner.
  return { wake: () => runner.wake(), stop: () => runner.stop() };
}

class Runner<Item extends { readonly id: string }, Line> {
  readonly #ports: DeliveryPorts<Item, Line>;
  /** By id. */
  readonly #underway = new Map<string, { readonly receiver: string; readonly ended: Promise<void> }>();
  readonly #outage: Outage;
  readonly #rhythm: Rhythm;
  /** When the first of those that failed is to be tried again. */
  #tryAt: number | null = null;
  #nextSweepAt = 0;
  #stopping = false;

  constructor(ports: DeliveryPorts<Item, Line>) {
    this.#ports = ports;
    this.#outage = createOutage((thrown) => ports.report(thrown));
    this.#rhythm = startRhythm(ports.clock, () => this.#look());
  }

  wake(): void {
    this.#rhythm.wake();
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#rhythm.stop();
    await Promise.all([...this.#underway.values()].map(({ ended }) => ended));
  }

  #delay(): number {
    if (this.#tryAt === null) return IDLE_MS;
    return Math.min(IDLE_MS, Math.max(0, this.#tryAt - this.#ports.clock.now()));
  }

  /** Starts what may be started, and waits for none of it. Milliseconds until the next look. Never rejects. */
  async #look(): Promise<number> {
    if (this.#tryAt !== null && this.#tryAt <= this.#ports.clock.now()) this.#tryAt = null;
    try {
      while (!this.#stopping && this.#underway.size < AT_ONCE && (await this.#takeRound()));
      await this.#sweepWhenDue();
      if (this.#underway.size === 0) this.#outage.over();
    } catch (thrown) {
      this.#outage.failed(thrown);
    }
    return this.#delay();
  }

  /** Whether there was anything to take. */
  async #takeRound(): Promise<boolean> {
    const { clock, dueLines, receiverOf, takeDue } = this.#ports;
    const now = clock.now();
    const lines = (await dueLines(now)).map((line) => ({ line, receiver: receiverOf(line) }));
    let any = false;
    // Who has nothing under way is next; among equals, who has waited longest.
    for (const { line, receiver } of lines.toSorted(
      (a, b) => this.#underwayTo(a.receiver) - this.#underwayTo(b.receiver),
    )) {
      const room = Math.min(AT_ONCE - this.#underway.size, AT_ONCE_EACH - this.#underwayTo(receiver));
      if (room <= 0 || this.#stopping) continue;
      for (const item of await takeDue(line, now, now + HELD_MS, room)) {
        any = true;
        this.#start(item, receiver);
      }
    }
    return any;
  }

  #underwayTo(receiver: string): number {
    let count = 0;
    for (const one of this.#underway.values()) if (one.receiver === receiver) count++;
    return count;
  }

  /** One that is under way was asked for again meanwhile: what becomes of it now is noted soon. */
  #start(item: Item, receiver: string): void {
    if (this.#underway.has(item.id)) return;
    const ended = this.#deliver(item).then((isNoted) => {
      this.#underway.delete(item.id);
      // What could not be noted waits for the next look, as everything does while the store is away.
      if (isNoted) this.wake();
    });
    this.#underway.set(item.id, { receiver, ended });
  }

  /** Never rejects. */
  async #deliver(item: Item): Promise<boolean> {
    try {
      const againAt = await this.#ports.deliver(item);
      if (againAt !== null) this.#tryAt = Math.min(this.#tryAt ?? againAt, againAt);
      this.#outage.over();
      return true;
    } catch (thrown) {
      this.#outage.failed(thrown);
      return false;
    }
  }

  async #sweepWhenDue(): Promise<void> {
    const now = this.#ports.clock.now();
    if (this.#stopping || now < this.#nextSweepAt) return;
    this.#nextSweepAt = now + SWEEP_MS;
    await this.#ports.sweep(now);
  }
}
