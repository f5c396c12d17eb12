/** `pointsman policy history`: what was put in force and what was refused, newest first. */
import type { Command } from "commander";
import { askGateway, reportFailure } from "../../ask.ts";
import { addExamples, type CommandContext, terminalOf } from "../../context.ts";
import { EXIT } from "../../exit-codes.ts";
import { instant } from "../../format.ts";
import { policyHistoryView } from "../../gateway-answers.ts";
import { addGatewayOptions, type GatewayOptions } from "../../options.ts";
import type { Cell, Column } from "../../terminal.ts";

const COLUMNS: readonly Column[] = [
  { title: "TIME (UTC)" },
  { title: "RESULT" },
  { title: "VERSION" },
  { title: "BY" },
  { title: "SOURCE" },
  { title: "WHAT" },
];

/** Changed paths of one activation that are shown; `--json` has them all. */
const SHOWN = 3;

export function addPolicyHistory(group: Command, context: CommandContext): void {
  const command = group.command("history").description("activations and refusals, newest first");
  addGatewayOptions(command);
  addExamples(command, [
    ["pointsman policy history", "who changed what, and when"],
    [
      "pointsman policy history --json | jq '.activations[0].changes'",
      "every path the latest change touched",
    ],
  ]);
  command.action(async (options: GatewayOptions) => context.end(await history(context, command, options)));
}

async function history(context: CommandContext, command: Command, options: GatewayOptions): Promise<number> {
  const terminal = terminalOf(context, command);
  const asked = await askGateway(context, options, { path: "/admin/policy/history" }, policyHistoryView);
  if (!asked.ok) return reportFailure(terminal, asked);
  if (terminal.json) {
    terminal.printJson(asked.raw);
    return EXIT.success;
  }
  const rows = asked.view.activations.map((activation): Cell[] => [
    instant(activation.at),
    { text: activation.result, style: activation.result === "refused" ? "red" : "green" },
    activation.version ?? "-",
    activation.actor,
    activation.source,
    activation.result === "refused" ? (activation.findings[0] ?? "") : changesOf(activation.changes),
  ]);
  terminal.print(rows.length === 0 ? "Nothing was activated yet." : terminal.table(COLUMNS, rows));
  return EXIT.success;
}

function changesOf(changes: readonly string[]): string {
  const shown = changes.slice(0, SHOWN).join(", ");
  return changes.length > SHOWN ? `${shown} and ${changes.length - SHOWN} more` : shown;
}
