/** Tickets as a port: who works on which, what was answered, and whether the application knows. No driver here. */
import type { NewTicket, Ticket, TicketStatus } from "../core/tickets.ts";

export interface TicketQuery {
  /** Epoch milliseconds: a claim whose lease is over counts as open. */
  readonly now: number;
  /** 1 to `MAX_TICKET_PAGE`. */
  readonly limit: number;
  /** The id of the last ticket of the page before. */
  readonly before?: string;
  readonly status?: TicketStatus;
  readonly queue?: string;
  readonly tenant?: string;
}

/** Newest first. */
export interface TicketPage {
  readonly tickets: readonly Ticket[];
  readonly more: boolean;
}

export const MAX_TICKET_PAGE = 200;

/** What became of one try to deliver an answer. */
export type DeliveryOutcome =
  | { readonly type: "delivered" }
  | { readonly type: "given_up" }
  | { readonly type: "again"; readonly at: number };

/** Tickets whose answers go one way: the policy names a webhook for both together. */
export type TicketLine = Pick<Ticket, "useCase" | "queue">;

export interface TicketStore {
  /** When it resolves, the ticket survives `kill -9`. `full`: as many of the tenant wait in this queue already. */
  create(ticket: NewTicket, maxOpen: number): Promise<"created" | "full">;
  get(id: string, now: number): Promise<Ticket | null>;
  list(query: TicketQuery): Promise<TicketPage>;
  /** Also renews a claim of one's own. Null: it is not open, or somebody else's. */
  claim(id: string, by: string, now: number, leaseUntil: number): Promise<Ticket | null>;
  /** From open, or claimed by the same. `deliver`: a webhook is to be told. Null: neither. */
  answer(id: string, by: string, text: string, now: number, deliver: boolean): Promise<Ticket | null>;
  /** Ends it without an answer, from open or claimed by the same. Null: neither. */
  close(id: string, by: string, now: number): Promise<Ticket | null>;
  /** Lines with answers that are to be delivered now, the one that has waited longest first. */
  dueLines(now: number): Promise<readonly TicketLine[]>;
  /** Takes a line's oldest that are to be delivered now; until `heldUntil` nobody else is given them. */
  takeDue(line: TicketLine, now: number, heldUntil: number, limit: number): Promise<readonly Ticket[]>;
  /** Notes what became of a try. */
  noteDelivery(id: string, outcome: DeliveryOutcome): Promise<void>;
  /** Forgets tickets that ended before; answers with how many. What is still to be delivered stays. */
  sweep(endedBefore: number): Promise<number>;
}
