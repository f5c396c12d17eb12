/** `pointsman rollout promote`: the newcomer gets more, or everything. */
import type { Command } from "commander";
import { promoteRollout } from "../../../control/rollout/promote.ts";
import { addExamples, type CommandContext } from "../../context.ts";
import { changePolicy } from "./change-policy.ts";
import { addPolicyOptions, type PolicyOptions } from "./verb.ts";

interface PromoteOptions extends PolicyOptions {
  readonly arm?: string;
  readonly full?: boolean;
}

export function addRolloutPromote(group: Command, context: CommandContext): void {
  const command = group
    .command("promote")
    .description("to the next of its steps, or to 100 where it has none; makes green live")
    .argument("<rollout>", "its name")
    .option("--arm <name>", "of several arms, the one that gets everything")
    .option("--full", "to 100 at once, whatever steps there are");
  addPolicyOptions(command);
  addExamples(command, [
    ["pointsman rollout promote try-nimbus", "the next step"],
    ["pointsman rollout promote try-nimbus --full", "everything"],
  ]);
  command.action(async (rollout: string, options: PromoteOptions) => {
    const { arm = null, full = false } = options;
    context.end(
      await changePolicy(
        context,
        command,
        options,
        (sources) => promoteRollout(sources, { rollout, arm, full }),
        { rollout, verb: "promote", body: { full, ...(arm !== null && { arm }) } },
      ),
    );
  });
}
