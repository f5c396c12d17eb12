/** A person ends a ticket that nobody is to answer. */
import { ok, type Result } from "../../core/faults.ts";
import type { Ticket } from "../../core/tickets.ts";
import { refused } from "./refused.ts";
import type { TicketPorts } from "./ticket-ports.ts";

/** Ends it without an answer. Faults as with a claim. */
export async function closeTicket(ports: TicketPorts, id: string, by: string): Promise<Result<Ticket>> {
  const closed = await ports.tickets.close(id, by, ports.clock.now());
  return closed ? ok(closed) : refused(ports, id);
}
