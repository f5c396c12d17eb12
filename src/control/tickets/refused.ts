/** Why a person cannot have a ticket that the store did not change. */
import { failed, type Result } from "../../core/faults.ts";
import { type TicketPorts, unknownTicket } from "./ticket-ports.ts";

/** `not_found`, or `invalid` where it is somebody else's or over. */
export async function refused({ tickets, clock }: TicketPorts, id: string): Promise<Result<never>> {
  const ticket = await tickets.get(id, clock.now());
  if (!ticket) return { ok: false, fault: unknownTicket() };
  const message =
    ticket.status === "claimed"
      ? "Somebody else works on this ticket. Wait until the claim ends, or take another."
      : `The ticket is ${ticket.status} and stays so.`;
  return failed("invalid", "ticket_not_open", message);
}
