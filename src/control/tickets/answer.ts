/** A person answers a ticket. Owns whether its application is told; how is the ticket runner's. */
import { ok, type Result } from "../../core/faults.ts";
import type { Ticket } from "../../core/tickets.ts";
import { refused } from "./refused.ts";
import { type TicketPorts, unknownTicket } from "./ticket-ports.ts";
import { webhookOf } from "./webhook-of.ts";

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
