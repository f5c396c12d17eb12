/** A person takes a ticket to answer it. Owns what a claim is; for how long is the caller's. */
import { ok, type Result } from "../../core/faults.ts";
import type { Ticket } from "../../core/tickets.ts";
import { refused } from "./refused.ts";
import type { TicketPorts } from "./ticket-ports.ts";

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
