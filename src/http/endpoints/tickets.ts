/** Tickets: what people are asked to answer because no model could. */
import { z } from "@hono/zod-openapi";
import { answerTicket } from "../../control/tickets/answer.ts";
import { claimTicket } from "../../control/tickets/claim.ts";
import { closeTicket } from "../../control/tickets/close.ts";
import { unknownTicket } from "../../control/tickets/ticket-ports.ts";
import type { Fault, Result } from "../../core/faults.ts";
import { TICKET_STATUSES, type Ticket } from "../../core/tickets.ts";
import { MAX_TICKET_PAGE } from "../../store/ticket-store.ts";
import type { ControlPorts } from "../control-ports.ts";
import { define, type Endpoint } from "../endpoint.ts";
import { idCursor } from "./cursor.ts";
import { jsonOf, refusal } from "./response-docs.ts";

const text = z.string().nullable();
const time = z.number().nullable();

const summary = z.object({
  id: z.string(),
  at: z.number().openapi({ description: "Milliseconds since 1970, like every time here." }),
  queue: z.string(),
  tenant: z.string(),
  use_case: z.string(),
  status: z.enum(TICKET_STATUSES),
  claimed_by: text,
  lease_until: time,
  ended_by: text,
  ended_at: time,
  delivery: text.openapi({ description: "due, delivered or given_up; null: no webhook is told." }),
  deliveries: z.number(),
  request_id: z.string(),
  decision_id: z.string(),
});
const whole = summary.extend({ prompt: text, answer: text });

const listQuery = z.object({
  limit: z.coerce.number().int().min(1).max(MAX_TICKET_PAGE).default(50),
  before: idCursor("tkt", "cursor: the last id of the page before"),
  status: z.enum(TICKET_STATUSES).optional(),
  queue: z.string().max(64).optional(),
  tenant: z.string().max(128).optional(),
});

const params = z.object({ id: z.string().max(64) });
const claim = z.object({ lease_seconds: z.number().int().min(10).max(86_400).default(900) });
const answer = z.object({ answer: z.string().trim().min(1).max(100_000) });

export function ticketEndpoints({ tickets: desk }: Pick<ControlPorts, "tickets">): readonly Endpoint[] {
  const changed = { 200: jsonOf("As it stands now.", whole), 400: refusal, 404: refusal };
  return [
    define({
      method: "GET",
      path: "/admin/tickets",
      query: listQuery,
      responses: {
        200: jsonOf("A page.", z.object({ tickets: z.array(summary), cursor: text })),
        400: refusal,
      },
      async handle({ query: { limit, before, status, queue, tenant } }) {
        const page = await desk.tickets.list({
          now: desk.clock.now(),
          limit,
          ...(before !== undefined && { before }),
          ...(status !== undefined && { status }),
          ...(queue !== undefined && { queue }),
          ...(tenant !== undefined && { tenant }),
        });
        const cursor = page.more ? (page.tickets.at(-1)?.id ?? null) : null;
        return Response.json({ tickets: page.tickets.map(summarised), cursor });
      },
    }),
    define({
      method: "GET",
      path: "/admin/tickets/{id}",
      params,
      responses: { 200: jsonOf("The ticket.", whole), 404: refusal },
      async handle({ params: { id } }) {
        const ticket = await desk.tickets.get(id, desk.clock.now());
        return ticket ? Response.json(rendered(ticket)) : unknownTicket();
      },
    }),
    define({
      method: "POST",
      path: "/admin/tickets/{id}/claim",
      params,
      body: claim,
      responses: changed,
      handle: async ({ caller, params: { id }, body }) =>
        told(await claimTicket(desk, id, caller.keyId, body.lease_seconds * 1000)),
    }),
    define({
      method: "POST",
      path: "/admin/tickets/{id}/answer",
      params,
      body: answer,
      responses: changed,
      handle: async ({ caller, params: { id }, body }) =>
        told(await answerTicket(desk, id, caller.keyId, body.answer)),
    }),
    define({
      method: "POST",
      path: "/admin/tickets/{id}/close",
      params,
      responses: changed,
      handle: async ({ caller, params: { id } }) => told(await closeTicket(desk, id, caller.keyId)),
    }),
  ];
}

function told(changed: Result<Ticket>): Response | Fault {
  return changed.ok ? Response.json(rendered(changed.value)) : changed.fault;
}

/** Without what people wrote: that is for those who work on it. */
function summarised(ticket: Ticket): z.infer<typeof summary> {
  return {
    id: ticket.id,
    at: ticket.at,
    queue: ticket.queue,
    tenant: ticket.tenant,
    use_case: ticket.useCase,
    status: ticket.status,
    claimed_by: ticket.claimedBy,
    lease_until: ticket.leaseUntil,
    ended_by: ticket.endedBy,
    ended_at: ticket.endedAt,
    delivery: ticket.delivery,
    deliveries: ticket.deliveries,
    request_id: ticket.requestId,
    decision_id: ticket.decisionId,
  };
}

function rendered(ticket: Ticket): z.infer<typeof whole> {
  return { ...summarised(ticket), prompt: ticket.prompt, answer: ticket.answer };
}
