/** `pointsman policy alias release`: an alias of a gateway stands for what the policy's text says again. */
import type { Command } from "commander";
import { addExamples, type CommandContext, terminalOf } from "../../../context.ts";
import { addGatewayOptions } from "../../../options.ts";
import { changeGateway } from "../../rollout/change-gateway.ts";
import type { PolicyOptions } from "../../rollout/verb.ts";

export function addAliasRelease(group: Command, context: CommandContext): void {
  const command = group
    .command("release")
    .description("take an order over the policy's text back: the model that is written holds again")
    .argument("<alias>", "its name")
    .option("--note <text>", "why, for the history")
    .option("--dry-run", "say what would change, change nothing");
  addGatewayOptions(command, "operator");
  addExamples(command, [
    ["pointsman policy alias release chat-best", "back to what the text says"],
    ["pointsman policy alias release chat-best --dry-run", "which model would that be?"],
  ]);
  command.action(async (alias: string, options: PolicyOptions) => {
    const terminal = terminalOf(context, command);
    context.end(await changeGateway(context, terminal, options, { alias, verb: "release", body: {} }));
  });
}
