/** Tickets in SQLite: their queries and the rows behind them. Every step is one statement. */
import type { DeliveryStatus, Ticket, TicketStatus } from "../../core/tickets.ts";
import { boundedLimit } from "../paging.ts";
import { MAX_TICKET_PAGE, type TicketQuery, type TicketStore } from "../ticket-store.ts";
import type { Writing } from "./file-store.ts";
import { IS_OWN } from "./own-work.ts";
import type { Row } from "./protocol.ts";
import type { Reads, TicketRow } from "./tables.ts";

const SWEPT_AT_ONCE = 500;

const CREATE = `INSERT INTO tickets (id, at, tenant, use_case, queue, request_id, decision_id, prompt, environment,
    status)
  SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, 'open'
  WHERE (SELECT count(*) FROM tickets WHERE ended_at IS NULL AND tenant = ? AND queue = ?) < ?
  RETURNING id`;
/** Open, claimed by the same, or by somebody whose lease is over. Parameters: the id, who, now. */
const WORKABLE = "id = ? AND ended_at IS NULL AND (status = 'open' OR claimed_by = ? OR lease_until <= ?)";
const CLAIM = `UPDATE tickets SET status = 'claimed', claimed_by = ?, lease_until = ? WHERE ${WORKABLE} RETURNING *`;
const ANSWER = `UPDATE tickets SET status = 'answered', answer = ?, ended_by = ?, ended_at = ?, claimed_by = NULL,
  lease_until = NULL, delivery = ?, deliver_at = ? WHERE ${WORKABLE} RETURNING *`;
const CLOSE = `UPDATE tickets SET status = 'closed', ended_by = ?, ended_at = ?, claimed_by = NULL,
  lease_until = NULL WHERE ${WORKABLE} RETURNING *`;
const TAKE_DUE = `UPDATE tickets SET deliver_at = ? WHERE id IN (
    SELECT id FROM tickets WHERE delivery = 'due' AND use_case = ? AND queue = ? AND deliver_at <= ? AND ${IS_OWN}
    ORDER BY deliver_at LIMIT ?)
  RETURNING *`;
const DUE_LINES = `SELECT use_case, queue FROM tickets WHERE delivery = 'due' AND deliver_at <= ? AND ${IS_OWN}
  GROUP BY use_case, queue ORDER BY min(deliver_at)`;
const NOTE_DELIVERY = `UPDATE tickets SET deliveries = deliveries + 1, delivery = ?,
  deliver_at = coalesce(?, deliver_at) WHERE id = ? AND delivery = 'due'`;
const SWEEP = `DELETE FROM tickets WHERE id IN (
    SELECT id FROM tickets WHERE ended_at < ? AND delivery IS NOT 'due' LIMIT ${SWEPT_AT_ONCE})
  RETURNING id`;

/** `environment`: whose tickets it makes and whose answers it tells; people see, claim and answer all. */
export function sqliteTickets(write: Writing, reads: Reads, environment: string): TicketStore {
  return {
    async create({ id, at, tenant, useCase, queue, requestId, decisionId, prompt }, maxOpen) {
      const stated = [id, at, tenant, useCase, queue, requestId, decisionId, prompt, environment];
      const made = await write.one(CREATE, ...stated, tenant, queue, maxOpen);
      return made.length > 0 ? "created" : "full";
    },
    async get(id, now) {
      const row = await (await reads())
        .selectFrom("tickets")
        .selectAll()
        .where("id", "=", id)
        .executeTakeFirst();
      return row ? ticketOf(row, now) : null;
    },
    list: (query) => listTickets(reads, query),
    async claim(id, by, now, leaseUntil) {
      return onlyTicket(await write.one(CLAIM, by, leaseUntil, id, by, now), now);
    },
    async answer(id, by, text, now, deliver) {
      const set = [text, by, now, deliver ? "due" : null, deliver ? now : null];
      return onlyTicket(await write.one(ANSWER, ...set, id, by, now), now);
    },
    async close(id, by, now) {
      return onlyTicket(await write.one(CLOSE, by, now, id, by, now), now);
    },
    async dueLines(now) {
      const rows = await write.one(DUE_LINES, now, environment);
      return rows.map(({ use_case, queue }) => ({ useCase: String(use_case), queue: String(queue) }));
    },
    async takeDue({ useCase, queue }, now, heldUntil, limit) {
      const rows = (await write.one(
        TAKE_DUE,
        heldUntil,
        useCase,
        queue,
        now,
        environment,
        limit,
      )) as unknown as TicketRow[];
      return rows.map((row) => ticketOf(row, now));
    },
    async noteDelivery(id, outcome) {
      const again = outcome.type === "again";
      await write.one(NOTE_DELIVERY, again ? "due" : outcome.type, again ? outcome.at : null, id);
    },
    sweep: async (endedBefore) => (await write.one(SWEEP, endedBefore)).length,
  };
}

async function listTickets(reads: Reads, query: TicketQuery) {
  const { now, before, status, queue, tenant } = query;
  const limit = boundedLimit(query.limit, MAX_TICKET_PAGE);
  let select = (await reads())
    .selectFrom("tickets")
    .selectAll()
    .orderBy("id", "desc")
    .limit(limit + 1);
  if (before !== undefined) select = select.where("id", "<", before);
  if (queue !== undefined) select = select.where("queue", "=", queue);
  if (tenant !== undefined) select = select.where("tenant", "=", tenant);
  if (status === "claimed") select = select.where("status", "=", "claimed").where("lease_until", ">", now);
  else if (status === "open") {
    select = select
      .where("ended_at", "is", null)
      .where((the) => the.or([the("status", "=", "open"), the("lease_until", "<=", now)]));
  } else if (status !== undefined) select = select.where("status", "=", status);
  const rows = await select.execute();
  return { tickets: rows.slice(0, limit).map((row) => ticketOf(row, now)), more: rows.length > limit };
}

function onlyTicket([row]: readonly Row[], now: number): Ticket | null {
  return row ? ticketOf(row as unknown as TicketRow, now) : null;
}

/** A claim whose lease is over is none. */
function ticketOf(row: TicketRow, now: number): Ticket {
  const isHeld = row.status === "claimed" && (row.lease_until ?? 0) > now;
  const isOver = row.status === "claimed" && !isHeld;
  return {
    id: row.id,
    at: row.at,
    tenant: row.tenant,
    useCase: row.use_case,
    queue: row.queue,
    requestId: row.request_id,
    decisionId: row.decision_id,
    prompt: row.prompt,
    status: isOver ? "open" : (row.status as TicketStatus),
    claimedBy: isHeld ? row.claimed_by : null,
    leaseUntil: isHeld ? row.lease_until : null,
    answer: row.answer,
    endedBy: row.ended_by,
    endedAt: row.ended_at,
    delivery: row.delivery as DeliveryStatus | null,
    deliveries: row.deliveries,
  };
}
