/** `pointsman policy alias list`: what each alias of a gateway stands for. */
import type { Command } from "commander";
import { z } from "zod";
import { askGateway, reportFailure } from "../../../ask.ts";
import { addExamples, type CommandContext, terminalOf } from "../../../context.ts";
import { EXIT } from "../../../exit-codes.ts";
import { overrideView } from "../../../gateway-answers.ts";
import { addGatewayOptions, type GatewayOptions } from "../../../options.ts";
import type { Cell, Column, Terminal } from "../../../terminal.ts";

const listView = z.object({
  aliases: z.array(
    z.object({
      alias: z.string(),
      model: z.string(),
      version: z.string(),
      status: z.string(),
      note: z.string().nullable(),
      useCases: z.array(z.string()),
      override: overrideView.nullable(),
    }),
  ),
});

const COLUMNS: readonly Column[] = [
  { title: "ALIAS" },
  { title: "MODEL" },
  { title: "VERSION" },
  { title: "STATUS" },
  { title: "USE CASES" },
  { title: "NOTE" },
];

export function addAliasList(group: Command, context: CommandContext): void {
  const command = group
    .command("list")
    .description("aliases, their models and versions, who names them, and who has moved one");
  addGatewayOptions(command);
  addExamples(command, [
    ["pointsman policy alias list", "what stands for what?"],
    ["pointsman policy alias list --json | jq -r '.aliases[] | [.alias, .model] | @tsv'", "for a script"],
  ]);
  command.action(async (options: GatewayOptions) => {
    const terminal = terminalOf(context, command);
    const asked = await askGateway(context, options, { path: "/admin/model-aliases" }, listView);
    if (!asked.ok) return context.end(reportFailure(terminal, asked));
    if (terminal.json) terminal.printJson(asked.raw);
    else terminal.print(drawAliases(asked.view, terminal));
    context.end(EXIT.success);
  });
}

function drawAliases({ aliases }: z.output<typeof listView>, terminal: Terminal): string {
  if (aliases.length === 0) return "The policy has no model aliases.";
  const rows = aliases.map(({ alias, model, version, status, note, useCases, override }): Cell[] => [
    alias,
    { text: model, style: "bold" },
    version,
    status === "approved" ? status : { text: status, style: "yellow" },
    useCases.join(", ") || "-",
    override === null ? (note ?? "-") : { text: `by order of ${override.actor}`, style: "yellow" },
  ]);
  return terminal.table(COLUMNS, rows);
}
