/** `pointsman audit list`: a page of the audit log, newest first. */
import type { Command } from "commander";
import { askGateway, reportFailure } from "../../ask.ts";
import { addExamples, type CommandContext, terminalOf } from "../../context.ts";
import { EXIT } from "../../exit-codes.ts";
import { addGatewayOptions, countUpTo, type GatewayOptions } from "../../options.ts";
import { AUDIT_COLUMNS, AUDIT_PATH, auditCells, auditPage } from "./draw-entry.ts";

interface ListArguments extends GatewayOptions {
  readonly limit: number;
  readonly before?: number;
}

export function addAuditList(group: Command, context: CommandContext): void {
  const command = group
    .command("list")
    .description("entries, newest first")
    .option("--limit <count>", "entries a page, at most 499", countUpTo(499), 20)
    .option("--before <seq>", "older than this entry: the cursor of the page before", countUpTo(999_999_999));
  addGatewayOptions(command, "admin");
  addExamples(command, [
    ["pointsman audit list", "the latest 20"],
    ["pointsman audit list --limit 499 --json > audit.json", "for an archive"],
  ]);
  command.action(async (options: ListArguments) => context.end(await list(context, command, options)));
}

async function list(context: CommandContext, command: Command, options: ListArguments): Promise<number> {
  const terminal = terminalOf(context, command);
  const { limit, before } = options;
  const asked = await askGateway(context, options, { path: AUDIT_PATH, query: { limit, before } }, auditPage);
  if (!asked.ok) return reportFailure(terminal, asked);
  const { entries, cursor } = asked.view;
  if (terminal.json) terminal.printJson(asked.raw);
  else if (entries.length === 0) terminal.print("Nothing was done yet.");
  else terminal.print(terminal.table(AUDIT_COLUMNS, entries.map(auditCells)));
  if (!terminal.json && cursor !== null) terminal.note(`More: --before ${cursor}`);
  return EXIT.success;
}
