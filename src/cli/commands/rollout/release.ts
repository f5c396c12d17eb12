/** `pointsman rollout release`: a gateway follows the policy's text again. */
import type { Command } from "commander";
import { addExamples, type CommandContext, terminalOf } from "../../context.ts";
import { addGatewayOptions } from "../../options.ts";
import { changeGateway } from "./change-gateway.ts";
import type { PolicyOptions } from "./verb.ts";

export function addRolloutRelease(group: Command, context: CommandContext): void {
  const command = group
    .command("release")
    .description("take an order over the policy's text back: what is written holds again")
    .argument("<rollout>", "its name")
    .option("--note <text>", "why, for the history")
    .option("--dry-run", "say what would change, change nothing");
  addGatewayOptions(command, "operator");
  addExamples(command, [
    ["pointsman rollout release try-nimbus", "the abort was not needed"],
    ["pointsman policy status", "what is laid over the text?"],
  ]);
  command.action(async (rollout: string, options: PolicyOptions) => {
    const terminal = terminalOf(context, command);
    context.end(await changeGateway(context, terminal, options, { rollout, verb: "release", body: {} }));
  });
}
