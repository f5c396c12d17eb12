/** What a person does to a ticket: claims it, answers it, closes it. Owns why that is refused. */
import { failed, ok, type Result } from "../../core/faults.ts";
import type { Ticket } from "../../core/tickets.ts";
import { type TicketPorts, unknownTicket } from "./ticket-ports.ts";
import { webhookOf } from "./webhook-of.ts";

/** Claims it, or claims it longer. Faults: `not_found`, or `invalid` where it is somebody else's or over. */
export async function claimTicket(
  ports: TicketPorts,
  id: string,
  by: string,
  leaseMs: number,
): Promise<Result<Ticket>> {
  const now = ports.clock.now();
  const claimed = await ports.tickets.claim(id, by, now, now + leaseMs);
  return claimed ? ok(claimed) : refused(ports, id);
}

/** Answers it, and has the application told where the policy names a webhook. Faults as with a claim. */
export async function answerTicket(
  ports: TicketPorts,
  id: string,
  by: string,
  text: string,
): Promise<Result<Ticket>> {
  const now = ports.clock.now();
  const ticket = await ports.tickets.get(id, now);
  if (!ticket) return { ok: false, fault: unknownTicket() };
  const deliver = webhookOf(ports.snapshot(), ticket) !== null;
  const answered = await ports.tickets.answer(id, by, text, now, deliver);
  if (!answered) return refused(ports, id);
  if (deliver) ports.changed();
  return ok(answered);
}

/** Ends it without an answer. Faults as with a claim. */
export async function closeTicket(ports: TicketPorts, id: string, by: string): Promise<Result<Ticket>> {
  const closed = await ports.tickets.close(id, by, ports.clock.now());
  return closed ? ok(closed) : refused(ports, id);
}

async function refused({ tickets, clock }: TicketPorts, id: string): Promise<Result<never>> {
  const ticket = await tickets.get(id, clock.now());
  if (!ticket) return { ok: false, fault: unknownTicket() };
  const message =
    ticket.status === "claimed"
      ? "Somebody else works on this ticket. Wait until the claim ends, or take another."
      : `The ticket is ${ticket.status} and stays so.`;
  return failed("invalid", "ticket_not_open", message);
}
