/** Delivers the answers to tickets, and forgets tickets that are long over. Owns what becomes of each try. */
import type { Clock } from "../../core/clock.ts";
import type { ConfigSnapshot } from "../../core/snapshot.ts";
import type { Ticket } from "../../core/tickets.ts";
import { receiverOf } from "../../store/receiver-of.ts";
import type { TicketLine, TicketStore } from "../../store/ticket-store.ts";
import { type DeliveryRunner, startDeliveries } from "../webhooks/delivery-runner.ts";
import { deliver } from "./deliver.ts";
import { webhookOf } from "./webhook-of.ts";

/** How long a ticket that is over is remembered. */
const REMEMBER_MS = 90 * 24 * 60 * 60_000;

export interface TicketRunnerPorts {
  readonly tickets: TicketStore;
  readonly clock: Clock;
  snapshot(): ConfigSnapshot;
  /** Told once, until the store is back. */
  report(thrown: unknown): void;
}

export type TicketRunner = DeliveryRunner;

export function startTicketRunner(ports: TicketRunnerPorts): TicketRunner {
  const { tickets, clock, snapshot, report } = ports;
  return startDeliveries<Ticket, TicketLine>({
    clock,
    report,
    dueLines: tickets.dueLines,
    receiverOf: (line) => receiverOf(webhookOf(snapshot(), line)?.url ?? ""),
    takeDue: tickets.takeDue,
    deliver: (ticket) => deliverTicket(ticket, ports),
    sweep: (now) => tickets.sweep(now - REMEMBER_MS),
  });
}

async function deliverTicket(
  ticket: Ticket,
  { tickets, clock, snapshot }: TicketRunnerPorts,
): Promise<number | null> {
  const webhook = webhookOf(snapshot(), ticket);
  if (webhook === null) {
    await tickets.noteDelivery(ticket.id, { type: "given_up" });
    return null;
  }
  // It waits for its secret: what holds it ends by itself, and it is looked at again.
  if (webhook.secret === null) return null;
  const outcome = await deliver(ticket, webhook, webhook.secret, clock);
  await tickets.noteDelivery(ticket.id, outcome);
  return outcome.type === "again" ? outcome.at : null;
}
