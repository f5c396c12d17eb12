/** `pointsman tickets list`: what waits for a person, newest first. */
import { type Command, Option } from "commander";
import { TICKET_STATUSES } from "../../../core/tickets.ts";
import { askGateway, reportFailure } from "../../ask.ts";
import { addExamples, type CommandContext, terminalOf } from "../../context.ts";
import { EXIT } from "../../exit-codes.ts";
import { addGatewayOptions, countUpTo, type GatewayOptions } from "../../options.ts";
import { drawTickets, ticketPage } from "./ticket-view.ts";

interface ListArguments extends GatewayOptions {
  readonly limit: number;
  readonly before?: string;
  readonly status?: string;
  readonly queue?: string;
  readonly tenant?: string;
}

export function addTicketsList(group: Command, context: CommandContext): void {
  const command = group
    .command("list")
    .description("tickets, newest first, without what was written")
    .addOption(new Option("--status <status>", "only these").choices(TICKET_STATUSES))
    .option("--queue <id>", "only this queue")
    .option("--tenant <tenant>", "only this tenant")
    .option("--limit <count>", "tickets a page, at most 200", countUpTo(200), 20)
    .option("--before <cursor>", "older than this ticket: the cursor of the page before");
  addGatewayOptions(command);
  addExamples(command, [
    ["pointsman tickets list --status open", "what waits"],
    ["pointsman tickets list --queue support --json | jq '.tickets[].id'", "ids of one queue"],
  ]);
  command.action(async (options: ListArguments) => context.end(await list(context, command, options)));
}

async function list(context: CommandContext, command: Command, options: ListArguments): Promise<number> {
  const terminal = terminalOf(context, command);
  const { limit, before, status, queue, tenant } = options;
  const query = { limit, before, status, queue, tenant };
  const asked = await askGateway(context, options, { path: "/admin/tickets", query }, ticketPage);
  if (!asked.ok) return reportFailure(terminal, asked);
  const { tickets, cursor } = asked.view;
  if (terminal.json) terminal.printJson(asked.raw);
  else terminal.print(tickets.length === 0 ? "No tickets fit." : drawTickets(tickets, terminal));
  if (!terminal.json && cursor !== null) terminal.note(`More: --before ${cursor}`);
  return EXIT.success;
}
