/** What the ticket commands read of the gateway's answers, and how a ticket is drawn. */
import { z } from "zod";
import { counted, instant } from "../../format.ts";
import { type Cell, type Column, printable, type Terminal } from "../../terminal.ts";

const text = z.string().nullable();

const ticketRow = z.object({
  id: z.string(),
  at: z.number(),
  queue: z.string(),
  tenant: z.string(),
  use_case: z.string(),
  status: z.string(),
  claimed_by: text,
  lease_until: z.number().nullable(),
  ended_by: text,
  ended_at: z.number().nullable(),
  delivery: text,
  deliveries: z.number(),
  request_id: z.string(),
  decision_id: z.string(),
});
type TicketRow = z.output<typeof ticketRow>;

export const ticketPage = z.object({ tickets: z.array(ticketRow), cursor: text });

export const ticketView = ticketRow.extend({ prompt: text, answer: text });
export type TicketView = z.output<typeof ticketView>;

const COLUMNS: readonly Column[] = [
  { title: "TIME (UTC)" },
  { title: "TICKET" },
  { title: "QUEUE" },
  { title: "TENANT" },
  { title: "USE CASE" },
  { title: "STATUS" },
  { title: "BY" },
];

const STYLES = { open: "yellow", claimed: "cyan", answered: "green", closed: "dim" } as const;

export function drawTickets(tickets: readonly TicketRow[], terminal: Terminal): string {
  const rows = tickets.map((ticket): Cell[] => [
    instant(ticket.at),
    ticket.id,
    ticket.queue,
    ticket.tenant,
    ticket.use_case,
    statusCell(ticket.status),
    ticket.claimed_by ?? ticket.ended_by ?? "-",
  ]);
  return terminal.table(COLUMNS, rows);
}

function statusCell(status: string): Cell {
  const style = Object.hasOwn(STYLES, status) ? STYLES[status as keyof typeof STYLES] : null;
  return style === null ? status : { text: status, style };
}

export function drawTicket(ticket: TicketView, terminal: Terminal): string {
  const lines = [
    `Ticket    ${terminal.paint("bold", printable(ticket.id))} in ${printable(ticket.queue)}, ${instant(ticket.at)} UTC`,
    `For       ${printable(`${ticket.tenant} · ${ticket.use_case} · ${ticket.decision_id}`)}`,
    `Status    ${printable(statusOf(ticket))}`,
  ];
  if (ticket.delivery !== null) {
    lines.push(`Webhook   ${printable(`${ticket.delivery}, tried ${counted(ticket.deliveries, "time")}`)}`);
  }
  lines.push(
    "",
    ticket.prompt === null ? "The user's text is not kept." : block("The user wrote", ticket.prompt),
  );
  if (ticket.answer !== null) lines.push("", block("Answered", ticket.answer));
  return lines.join("\n");
}

function statusOf({ status, claimed_by: by, lease_until: until, ended_by: ender, ended_at: at }: TicketView) {
  if (status === "claimed" && until !== null) return `claimed by ${by} until ${instant(until)} UTC`;
  return at === null ? status : `${status} by ${ender}, ${instant(at)} UTC`;
}

/** Each line by itself: what people wrote may have several, and nothing that a terminal obeys. */
function block(title: string, written: string): string {
  const lines = written.split(/\r?\n/).map((line) => `  ${printable(line)}`);
  return [`${title}:`, ...lines].join("\n");
}
