/** Where tickets are made. Owns how long a request waits for one to be kept; who answers them is not known here. */
import { type Clock, within } from "../../core/clock.ts";
import type { Ids } from "../../core/ids.ts";
import type { NewTicket } from "../../core/tickets.ts";
import type { TicketStore } from "../../store/ticket-store.ts";

/** A ticket that is not kept by then is not promised to anybody. Milliseconds. */
const PATIENCE_MS = 2_000;

export interface TicketDesk {
  /** The ticket's id once it is kept for good; null where the queue is full or the store fails. Never rejects. */
  open(ticket: Omit<NewTicket, "id" | "at">, maxOpen: number): Promise<string | null>;
}

export interface TicketDeskPorts {
  readonly store: Pick<TicketStore, "create">;
  readonly clock: Clock;
  readonly ids: Ids;
  report(thrown: unknown): void;
}

export function createTicketDesk({ store, clock, ids, report }: TicketDeskPorts): TicketDesk {
  return {
    async open(stated, maxOpen) {
      const ticket: NewTicket = { ...stated, id: ids.next("tkt"), at: clock.now() };
      try {
        const made = await within(clock, PATIENCE_MS, store.create(ticket, maxOpen));
        return made === "created" ? ticket.id : null;
      } catch (thrown) {
        report(thrown);
        return null;
      }
    },
  };
}
