/** `pointsman decisions list`: a page of records, newest first. */
import type { Command } from "commander";
import { z } from "zod";
import { askGateway, reportFailure } from "../../ask.ts";
import { addExamples, type CommandContext, terminalOf } from "../../context.ts";
import { drawDecisionTable } from "../../draw-decisions.ts";
import { EXIT } from "../../exit-codes.ts";
import { decisionView } from "../../gateway-answers.ts";
import { addGatewayOptions, countUpTo, type GatewayOptions } from "../../options.ts";
import { addFilters, type DecisionFilters, filterQuery } from "./filters.ts";

interface ListArguments extends GatewayOptions, DecisionFilters {
  readonly limit: number;
  readonly before?: string;
}

const page = z.object({ decisions: z.array(decisionView), cursor: z.string().nullable() });

export function addDecisionsList(group: Command, context: CommandContext): void {
  const command = group
    .command("list")
    .description("records, newest first")
    .option("--limit <count>", "records a page, at most 500", countUpTo(500), 20)
    .option("--before <cursor>", "older than this decision: the cursor of the page before");
  addGatewayOptions(addFilters(command));
  addExamples(command, [
    ["pointsman decisions list", "the latest 20"],
    ["pointsman decisions list --use-case support-chat --outcome failed", "what went wrong in one use case"],
    [
      "pointsman decisions list --limit 500 --json | jq '[.decisions[].cost] | add'",
      "nano-dollars of the latest 500",
    ],
  ]);
  command.action(async (options: ListArguments) => context.end(await list(context, command, options)));
}

async function list(context: CommandContext, command: Command, options: ListArguments): Promise<number> {
  const terminal = terminalOf(context, command);
  const { limit, before } = options;
  const query = { limit, before, ...filterQuery(options) };
  const asked = await askGateway(context, options, { path: "/admin/decisions", query }, page);
  if (!asked.ok) return reportFailure(terminal, asked);
  const { decisions, cursor } = asked.view;
  if (terminal.json) terminal.printJson(asked.raw);
  else if (decisions.length === 0) terminal.print("No decisions fit. Records are written within a second.");
  else terminal.print(drawDecisionTable(decisions, terminal));
  if (!terminal.json && cursor !== null) terminal.note(`More: --before ${cursor}`);
  return EXIT.success;
}
