/** `pointsman rollout abort`: back to what served before. */
import type { Command } from "commander";
import { abortRollout } from "../../../control/rollout/abort.ts";
import { addExamples, type CommandContext } from "../../context.ts";
import { changePolicy } from "./change-policy.ts";
import { addPolicyOptions, type PolicyOptions } from "./verb.ts";

export function addRolloutAbort(group: Command, context: CommandContext): void {
  const command = group
    .command("abort")
    .description("no request for the candidate any more; makes blue live, ends a shadow")
    .argument("<rollout>", "its name");
  addPolicyOptions(command);
  addExamples(command, [
    ["pointsman rollout abort try-nimbus", "at once"],
    ["pointsman rollout abort try-nimbus --dry-run", "what would be changed, and where?"],
  ]);
  command.action(async (rollout: string, options: PolicyOptions) =>
    context.end(
      await changePolicy(context, command, options, (sources) => abortRollout(sources, rollout), {
        rollout,
        verb: "abort",
        body: {},
      }),
    ),
  );
}
