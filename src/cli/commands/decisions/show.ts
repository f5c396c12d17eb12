/** `pointsman decisions show`: one record, with its attempts as a timeline. */
import type { Command } from "commander";
import { askGateway, reportFailure } from "../../ask.ts";
import { addExamples, type CommandContext, terminalOf } from "../../context.ts";
import { drawDecision } from "../../draw-decisions.ts";
import { EXIT } from "../../exit-codes.ts";
import { decisionView } from "../../gateway-answers.ts";
import { addGatewayOptions, type GatewayOptions } from "../../options.ts";

export function addDecisionsShow(group: Command, context: CommandContext): void {
  const command = group
    .command("show")
    .description("one record: who asked, what was decided, every attempt with wait, class, tokens and cost")
    .argument("<id>", "the decision's id: the response header x-pointsman-decision");
  addGatewayOptions(command);
  addExamples(command, [
    ["pointsman decisions show dec_01jd2k3m4p5q6r7s8t9", "the ladder as it was climbed"],
    ["pointsman decisions show dec_01jd2k3m4p5q6r7s8t9 --json", "everything that is recorded"],
  ]);
  command.action(async (id: string, options: GatewayOptions) =>
    context.end(await show(context, command, id, options)),
  );
}

async function show(
  context: CommandContext,
  command: Command,
  id: string,
  options: GatewayOptions,
): Promise<number> {
  const terminal = terminalOf(context, command);
  const path = `/admin/decisions/${encodeURIComponent(id)}`;
  const asked = await askGateway(context, options, { path }, decisionView);
  if (!asked.ok) return reportFailure(terminal, asked);
  if (terminal.json) terminal.printJson(asked.raw);
  else terminal.print(drawDecision(asked.view, terminal));
  return EXIT.success;
}
