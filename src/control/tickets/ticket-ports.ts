/** What the verbs on tickets work with. */
import type { Clock } from "../../core/clock.ts";
import { type Fault, fault } from "../../core/faults.ts";
import type { ConfigSnapshot } from "../../core/snapshot.ts";
import type { TicketStore } from "../../store/ticket-store.ts";

export interface TicketPorts {
  readonly tickets: TicketStore;
  readonly clock: Clock;
  snapshot(): ConfigSnapshot;
  /** An answer waits to be delivered. */
  changed(): void;
}

export function unknownTicket(): Fault {
  return fault("not_found", "unknown_ticket", "No ticket has this id.");
}
