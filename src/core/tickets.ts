/** What a person is asked to answer because no model could. Owns the shapes and a ticket's way; no storage. */

/** `claimed` ends by itself when the lease does; `answered` and `closed` are final. */
export const TICKET_STATUSES = ["open", "claimed", "answered", "closed"] as const;
export type TicketStatus = (typeof TICKET_STATUSES)[number];

/** Where the answer's way back to the application stands; null: the policy names no webhook. */
export type DeliveryStatus = "due" | "delivered" | "given_up";

export interface Ticket {
  readonly id: string;
  /** Epoch milliseconds, like every time here. */
  readonly at: number;
  readonly tenant: string;
  readonly useCase: string;
  readonly queue: string;
  readonly requestId: string;
  readonly decisionId: string;
  /** The user's last text; null where the policy does not have it kept. */
  readonly prompt: string | null;
  /** `open` also where a claim's lease is over. */
  readonly status: TicketStatus;
  /** Who works on it, and until when nobody else may take it; null: nobody. */
  readonly claimedBy: string | null;
  readonly leaseUntil: number | null;
  readonly answer: string | null;
  /** Who answered or closed it, and when. */
  readonly endedBy: string | null;
  readonly endedAt: number | null;
  readonly delivery: DeliveryStatus | null;
  /** Deliveries that were tried. */
  readonly deliveries: number;
}

/** A ticket as it begins. */
export type NewTicket = Pick<
  Ticket,
  "id" | "at" | "tenant" | "useCase" | "queue" | "requestId" | "decisionId" | "prompt"
>;
