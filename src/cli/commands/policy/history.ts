/** `pointsman policy history`: what was put in force and what was refused, newest first. */
import type { Command } from "commander";
import type { z } from "zod";
import { askGateway, reportFailure } from "../../ask.ts";
import { addExamples, type CommandContext, terminalOf } from "../../context.ts";
import { EXIT } from "../../exit-codes.ts";
import { counted, instant } from "../../format.ts";
import { addGatewayOptions, countUpTo, type GatewayOptions } from "../../options.ts";
import type { Cell, Column, Style } from "../../terminal.ts";
import { historyView } from "./views.ts";

interface HistoryArguments extends GatewayOptions {
  readonly limit: number;
  readonly before?: string;
}

const COLUMNS: readonly Column[] = [
  { title: "TIME (UTC)" },
  { title: "RESULT" },
  { title: "VERSION" },
  { title: "BY" },
  { title: "SOURCE" },
  { title: "WHAT" },
];

const STYLES: Readonly<Record<string, Style>> = { refused: "red", rolled_back: "yellow" };

/** Changes of one activation that are shown; `--json` has them all. */
const SHOWN = 3;

export function addPolicyHistory(group: Command, context: CommandContext): void {
  const command = group
    .command("history")
    .description("activations, refusals and rollbacks, newest first")
    .option("--limit <count>", "acts a page, at most 499", countUpTo(499), 100)
    .option("--before <cursor>", "older than this act: the cursor of the page before");
  addGatewayOptions(command);
  addExamples(command, [
    ["pointsman policy history", "who changed what, and when"],
    [
      "pointsman policy history --json | jq '.activations[0].changes'",
      "every path the latest change touched",
    ],
  ]);
  command.action(async (options: HistoryArguments) => context.end(await history(context, command, options)));
}

async function history(
  context: CommandContext,
  command: Command,
  options: HistoryArguments,
): Promise<number> {
  const terminal = terminalOf(context, command);
  const { limit, before } = options;
  const question = { path: "/admin/policy/history", query: { limit, before } };
  const asked = await askGateway(context, options, question, historyView);
  if (!asked.ok) return reportFailure(terminal, asked);
  if (terminal.json) {
    terminal.printJson(asked.raw);
    return EXIT.success;
  }
  const rows = asked.view.activations.map((activation): Cell[] => [
    instant(activation.at),
    { text: activation.result, style: STYLES[activation.result] ?? "green" },
    activation.version ?? "-",
    activation.actor,
    activation.source,
    whatOf(activation),
  ]);
  terminal.print(rows.length === 0 ? "Nothing was activated yet." : terminal.table(COLUMNS, rows));
  if (asked.view.cursor) terminal.note(`More: --before ${asked.view.cursor}`);
  return EXIT.success;
}

type Row = z.output<typeof historyView>["activations"][number];

function whatOf({ result, findings, changes, summary, note }: Row): string {
  const what = result === "refused" ? reasonOf(findings) : changesOf(summary ?? changes);
  return note ? `${what} (${note})`.trimStart() : what;
}

/** Errors come first. A record of an earlier release does not tell them from warnings. */
function reasonOf(findings: readonly string[]): string {
  const errors = findings.filter((finding) => /:\d+:\d+ error /.test(finding)).length;
  return `${findings[0] ?? ""}${errors > 1 ? ` and ${counted(errors - 1, "more error")}` : ""}`;
}

function changesOf(changes: readonly string[]): string {
  const shown = changes.slice(0, SHOWN).join(", ");
  return changes.length > SHOWN ? `${shown} and ${changes.length - SHOWN} more` : shown;
}
