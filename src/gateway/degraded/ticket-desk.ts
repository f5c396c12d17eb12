/** Where tickets are made. Owns how long a request waits for one to be kept; who answers them is not known here. */
import { type Clock, within } from "../../core/clock.ts";
import type { Ids } from "../../core/ids.ts";
import type { NewTicket } from "../../core/tickets.ts";
import { StoreError } from "../../store/store-error.ts";
import type { TicketStore } from "../../store/ticket-store.ts";

/** A ticket that is not kept by then is not promised to anybody. Milliseconds. */
const PATIENCE_MS = 2_000;
/** What a ticket has also where its request's time is over, as it is when every model was silent. Milliseconds. */
const LEAST_PATIENCE_MS = 200;
/** Who has closed a ticket that came too late. */
const CLOSED_BY = "gateway";

export interface TicketDesk {
  /**
   * The ticket's id once it is kept for good; null where the queue is full, the store fails, or it takes too long: then
   * the ticket is closed if it is made after all. `deadlineAt`: the request's, in epoch milliseconds. Never rejects.
   */
  open(ticket: Omit<NewTicket, "id" | "at">, maxOpen: number, deadlineAt: number): Promise<string | null>;
}

export interface TicketDeskPorts {
  readonly store: Pick<TicketStore, "create" | "close">;
  readonly clock: Clock;
  readonly ids: Ids;
  report(thrown: unknown): void;
}

export function createTicketDesk(ports: TicketDeskPorts): TicketDesk {
  const { store, clock, ids, report } = ports;
  return {
    async open(stated, maxOpen, deadlineAt) {
      const ticket: NewTicket = { ...stated, id: ids.next("tkt"), at: clock.now() };
      const patienceMs = Math.max(LEAST_PATIENCE_MS, Math.min(PATIENCE_MS, deadlineAt - ticket.at));
      const creating = store.create(ticket, maxOpen);
      try {
        const made = await within(clock, patienceMs, creating);
        if (made !== "late") return made === "created" ? ticket.id : null;
        report(new StoreError("unavailable", `The ticket was not kept within ${Math.round(patienceMs)} ms.`));
        void withdraw(ports, ticket.id, creating);
      } catch (thrown) {
        report(thrown);
      }
      return null;
    },
  };
}

/** Nobody was told of the ticket, so nobody is to answer it, nor does it take a place in its queue. */
async function withdraw(
  { store, clock, report }: TicketDeskPorts,
  id: string,
  creating: ReturnType<TicketStore["create"]>,
): Promise<void> {
  try {
    if ((await creating) === "created") await store.close(id, CLOSED_BY, clock.now());
  } catch (thrown) {
    report(thrown);
  }
}
