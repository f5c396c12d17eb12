/**
 * Delivers answers in the background, and forgets tickets that are long over. Owns the rhythm; the store sees to
 * it that no two processes deliver the same at once, and a process that dies leaves it to the next.
 */
import type { Clock, Timer } from "../../core/clock.ts";
import type { ConfigSnapshot } from "../../core/snapshot.ts";
import type { Ticket } from "../../core/tickets.ts";
import type { TicketStore } from "../../store/ticket-store.ts";
import { deliver } from "./deliver.ts";
import { webhookOf } from "./webhook-of.ts";

/** Between two looks for work that nobody announced. */
const IDLE_MS = 15_000;
/** For so long an answer is this process's to deliver. */
const HELD_MS = 60_000;
const AT_ONCE = 8;
const SWEEP_MS = 60 * 60_000;
/** How long a ticket that is over is remembered. */
const REMEMBER_MS = 90 * 24 * 60 * 60_000;

export interface TicketRunner {
  /** There may be something to deliver: look now. */
  wake(): void;
  /** Starts nothing new; resolves when nothing is under way. Before the store is closed. */
  stop(): Promise<void>;
}

export interface TicketRunnerPorts {
  readonly tickets: TicketStore;
  readonly clock: Clock;
  snapshot(): ConfigSnapshot;
  /** Told once, until the store is back. */
  report(thrown: unknown): void;
}

export function startTicketRunner(ports: TicketRunnerPorts): TicketRunner {
  const runner = new Runner(ports);
  // Handed on as they are, these need no owner.
  return { wake: () => runner.wake(), stop: () => runner.stop() };
}

class Runner {
  readonly #ports: TicketRunnerPorts;
  #looking: Promise<void> | null = null;
  #again = false;
  #timer: Timer | null = null;
  #nextLookMs = IDLE_MS;
  #nextSweepAt = 0;
  #failing = false;
  #stopping = false;

  constructor(ports: TicketRunnerPorts) {
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
    const { tickets, clock } = this.#ports;
    this.#nextLookMs = IDLE_MS;
    try {
      for (;;) {
        const now = clock.now();
        const due = this.#stopping ? [] : await tickets.takeDue(now, now + HELD_MS, AT_ONCE);
        if (due.length === 0) break;
        await Promise.all(due.map((ticket) => this.#deliver(ticket)));
      }
      await this.#sweepWhenDue();
      this.#failing = false;
    } catch (thrown) {
      if (!this.#failing) this.#ports.report(thrown);
      this.#failing = true;
    }
  }

  async #deliver(ticket: Ticket): Promise<void> {
    const { tickets, clock, snapshot } = this.#ports;
    const webhook = webhookOf(snapshot(), ticket);
    if (webhook === null) {
      await tickets.noteDelivery(ticket.id, { type: "given_up" });
      return;
    }
    // It waits for its secret: what holds it ends by itself, and it is looked at again.
    if (webhook.secret === null) return;
    const outcome = await deliver(ticket, webhook, webhook.secret, clock);
    await tickets.noteDelivery(ticket.id, outcome);
    if (outcome.type === "again") {
      this.#nextLookMs = Math.min(this.#nextLookMs, Math.max(0, outcome.at - clock.now()));
    }
  }

  async #sweepWhenDue(): Promise<void> {
    const now = this.#ports.clock.now();
    if (this.#stopping || now < this.#nextSweepAt) return;
    this.#nextSweepAt = now + SWEEP_MS;
    await this.#ports.tickets.sweep(now - REMEMBER_MS);
  }
}
