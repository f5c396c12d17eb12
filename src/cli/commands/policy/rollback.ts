/** `pointsman policy rollback` and `unpin`: back to an earlier version, and on with the source. */
import type { Command } from "commander";
import { addExamples, type CommandContext, terminalOf } from "../../context.ts";
import { EXIT } from "../../exit-codes.ts";
import { addGatewayOptions, type GatewayOptions } from "../../options.ts";
import { askPolicy, reportRefusal } from "./ask-policy.ts";
import { drawChange } from "./draw-change.ts";
import { changeView } from "./views.ts";

interface ActArguments extends GatewayOptions {
  readonly note?: string;
}

export function addPolicyRollback(group: Command, context: CommandContext): void {
  const command = group
    .command("rollback")
    .description("put an earlier version in force at once; the source's present text does not undo it")
    .argument("[version]", "as `policy history` shows it; absent: the one before the one in force")
    .option("--note <text>", "why, for the history");
  addGatewayOptions(command, "operator");
  addExamples(command, [
    ["pointsman policy rollback", "undo the latest change"],
    ['pointsman policy rollback example@0123456789ab --note "INC-1234"', "to a certain version"],
  ]);
  command.action(async (version: string | undefined, options: ActArguments) => {
    const body = { ...(version !== undefined && { version }), ...noteOf(options) };
    context.end(await act(context, command, options, "/admin/policy/rollback", body));
  });
}

export function addPolicyUnpin(group: Command, context: CommandContext): void {
  const command = group
    .command("unpin")
    .description("follow the source again after a rollback")
    .option("--note <text>", "why, for the history");
  addGatewayOptions(command, "operator");
  addExamples(command, [
    ["pointsman policy unpin", "the source's text was right after all: put it in force"],
    ['pointsman policy unpin --note "INC-1234 is over"', "and say why"],
  ]);
  command.action(async (options: ActArguments) =>
    context.end(await act(context, command, options, "/admin/policy/unpin", noteOf(options))),
  );
}

function noteOf({ note }: ActArguments) {
  return note === undefined ? {} : { note };
}

async function act(
  context: CommandContext,
  command: Command,
  options: ActArguments,
  path: string,
  body: Readonly<Record<string, string>>,
): Promise<number> {
  const terminal = terminalOf(context, command);
  const asked = await askPolicy(context, options, { path, body }, changeView);
  if (!asked.ok) return reportRefusal(terminal, asked, []);
  if (terminal.json) terminal.printJson(asked.raw);
  else terminal.print(drawChange(`${asked.view.version} is in force.`, asked.view, terminal));
  return EXIT.success;
}
