/** Tickets that end with the process, for `--data :memory:` and tests. Every step is synchronous, so atomic. */
import type { NewTicket, Ticket } from "../../core/tickets.ts";
import { boundedLimit } from "../paging.ts";
import { MAX_TICKET_PAGE, type TicketLine, type TicketQuery, type TicketStore } from "../ticket-store.ts";

interface MemoryTicket {
  ticket: Ticket;
  deliverAt: number;
}

export function memoryTickets(assertOpen: () => void): TicketStore {
  const tickets = new Map<string, MemoryTicket>();
  /** The ticket, where `by` may change it. */
  const workable = (id: string, by: string, now: number): MemoryTicket | null => {
    assertOpen();
    const kept = tickets.get(id);
    const status = kept && seenAt(kept.ticket, now).status;
    if (!kept || (status !== "open" && status !== "claimed")) return null;
    return status === "open" || kept.ticket.claimedBy === by ? kept : null;
  };
  /** The longest waiting first. */
  const due = (now: number): MemoryTicket[] =>
    [...tickets.values()]
      .filter(({ ticket, deliverAt }) => ticket.delivery === "due" && deliverAt <= now)
      .sort((a, b) => a.deliverAt - b.deliverAt);
  return {
    async create(ticket, maxOpen) {
      assertOpen();
      const waiting = [...tickets.values()].filter(({ ticket: { tenant, queue, endedAt } }) => {
        return endedAt === null && tenant === ticket.tenant && queue === ticket.queue;
      });
      if (waiting.length >= maxOpen) return "full";
      tickets.set(ticket.id, { ticket: { ...ticket, ...FRESH }, deliverAt: 0 });
      return "created";
    },
    async get(id, now) {
      assertOpen();
      const kept = tickets.get(id);
      return kept ? seenAt(kept.ticket, now) : null;
    },
    async list(query) {
      assertOpen();
      const limit = boundedLimit(query.limit, MAX_TICKET_PAGE);
      const found = select(
        [...tickets.values()].map(({ ticket }) => ticket),
        query,
      );
      return { tickets: found.slice(0, limit), more: found.length > limit };
    },
    async claim(id, by, now, leaseUntil) {
      const kept = workable(id, by, now);
      return kept && change(kept, { status: "claimed", claimedBy: by, leaseUntil });
    },
    async answer(id, by, answer, now, deliver) {
      const kept = workable(id, by, now);
      if (!kept) return null;
      kept.deliverAt = now;
      return change(kept, { ...ended("answered", by, now), answer, delivery: deliver ? "due" : null });
    },
    async close(id, by, now) {
      const kept = workable(id, by, now);
      return kept && change(kept, ended("closed", by, now));
    },
    async dueLines(now) {
      assertOpen();
      const lines = due(now).map(({ ticket: { useCase, queue } }) => ({ useCase, queue }));
      return lines.filter((line, at) => lines.findIndex((one) => isSameLine(one, line)) === at);
    },
    async takeDue(line, now, heldUntil, limit) {
      assertOpen();
      const taken = due(now).filter(({ ticket }) => isSameLine(ticket, line));
      const mine = taken.slice(0, limit);
      for (const kept of mine) kept.deliverAt = heldUntil;
      return mine.map(({ ticket }) => ticket);
    },
    async noteDelivery(id, outcome) {
      assertOpen();
      const kept = tickets.get(id);
      if (kept?.ticket.delivery !== "due") return;
      if (outcome.type === "again") kept.deliverAt = outcome.at;
      change(kept, {
        deliveries: kept.ticket.deliveries + 1,
        delivery: outcome.type === "again" ? "due" : outcome.type,
      });
    },
    async sweep(endedBefore) {
      assertOpen();
      const old = [...tickets.values()].filter(
        ({ ticket: { endedAt, delivery } }) =>
          endedAt !== null && endedAt < endedBefore && delivery !== "due",
      );
      for (const { ticket } of old) tickets.delete(ticket.id);
      return old.length;
    },
  };
}

const FRESH: Omit<Ticket, keyof NewTicket> = {
  status: "open",
  claimedBy: null,
  leaseUntil: null,
  answer: null,
  endedBy: null,
  endedAt: null,
  delivery: null,
  deliveries: 0,
};

function ended(status: "answered" | "closed", by: string, now: number): Partial<Ticket> {
  return { status, claimedBy: null, leaseUntil: null, endedBy: by, endedAt: now };
}

function isSameLine(a: TicketLine, b: TicketLine): boolean {
  return a.useCase === b.useCase && a.queue === b.queue;
}

function change(kept: MemoryTicket, to: Partial<Ticket>): Ticket {
  kept.ticket = { ...kept.ticket, ...to };
  return kept.ticket;
}

function seenAt(ticket: Ticket, now: number): Ticket {
  if (ticket.status !== "claimed" || (ticket.leaseUntil ?? 0) > now) return ticket;
  return { ...ticket, status: "open", claimedBy: null, leaseUntil: null };
}

function select(tickets: readonly Ticket[], { now, before, status, queue, tenant }: TicketQuery): Ticket[] {
  return tickets
    .map((ticket) => seenAt(ticket, now))
    .filter((ticket) => status === undefined || ticket.status === status)
    .filter((ticket) => queue === undefined || ticket.queue === queue)
    .filter((ticket) => tenant === undefined || ticket.tenant === tenant)
    .filter((ticket) => before === undefined || ticket.id < before)
    .toSorted((a, b) => (a.id < b.id ? 1 : -1));
}
