/** `pointsman decisions export`: the records of a time as JSON lines, all of them. Owns the paging to the end. */
import { type Command, InvalidArgumentError } from "commander";
import { parseInstant } from "../../../core/instant.ts";
import { askGateway, reportFailure } from "../../ask.ts";
import { addExamples, type CommandContext, terminalOf } from "../../context.ts";
import { EXIT } from "../../exit-codes.ts";
import { counted } from "../../format.ts";
import { decisionPage } from "../../gateway-answers.ts";
import { askTime } from "../../gateway-time.ts";
import { addGatewayOptions, type GatewayOptions } from "../../options.ts";
import { addFilters, type DecisionFilters, filterQuery } from "./filters.ts";

interface ExportArguments extends GatewayOptions, DecisionFilters {
  readonly since: string;
  readonly until?: string;
}

const PAGE = 500;

export function addDecisionsExport(group: Command, context: CommandContext): void {
  const command = group
    .command("export")
    .description(
      "every record of a time as JSON lines, oldest first, for `explain --replay` and other programs",
    )
    .requiredOption("--since <when>", "arrived from then on: 24h, 2026-03-01, 2026-03-01T12:00:00Z", moment)
    .option("--until <when>", "arrived before then (default: now)", moment);
  addGatewayOptions(addFilters(command));
  addExamples(command, [
    ["pointsman decisions export --since 24h > decisions.jsonl", "the last day"],
    [
      "pointsman decisions export --since 2026-03-01 --until 2026-03-08 | gzip > week.jsonl.gz",
      "a week, compressed",
    ],
  ]);
  command.action(async (options: ExportArguments) =>
    context.end(await exportRecords(context, command, options)),
  );
}

/** Kept as text: what "24h" means is known when the command runs. */
export function moment(text: string): string {
  if (parseInstant(text, 0) !== null) return text;
  throw new InvalidArgumentError("Give how long ago (24h, 30m), a date, or a time with its zone.");
}

async function exportRecords(
  context: CommandContext,
  command: Command,
  options: ExportArguments,
): Promise<number> {
  const { signal } = context.ports;
  const terminal = terminalOf(context, command);
  const time = await askTime(context, options);
  if (!time.ok) return reportFailure(terminal, time);
  const now = time.view;
  // The end stands still: an export of a busy gateway must come to one.
  const until = options.until === undefined ? now + 1 : (parseInstant(options.until, now) ?? now);
  const since = parseInstant(options.since, now) ?? 0;
  let exported = 0;
  for (let after: string | undefined; ; ) {
    const query = { limit: PAGE, since, until, after, ...filterQuery(options) };
    const asked = await askGateway(context, options, { path: "/admin/decisions", query }, decisionPage);
    if (signal?.aborted) return EXIT.notRight;
    if (!asked.ok) return reportFailure(terminal, asked);
    const { decisions, cursor } = asked.view;
    for (const record of decisions) terminal.printJsonLine(record);
    exported += decisions.length;
    if (cursor === null) break;
    after = cursor;
  }
  terminal.note(`${counted(exported, "record")}.`);
  return EXIT.success;
}
