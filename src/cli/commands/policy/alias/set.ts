/** `pointsman policy alias set`: an alias stands for another model. */
import type { Command } from "commander";
import { moveAlias } from "../../../../control/alias/move.ts";
import { addExamples, type CommandContext } from "../../../context.ts";
import { changePolicy } from "../../rollout/change-policy.ts";
import { addPolicyOptions, type PolicyOptions } from "../../rollout/verb.ts";

export function addAliasSet(group: Command, context: CommandContext): void {
  const command = group
    .command("set")
    .description("move an alias to another model of the policy")
    .argument("<alias>", "its name, from model_aliases")
    .argument("<model>", "the model it shall stand for");
  addPolicyOptions(command);
  addExamples(command, [
    [
      "pointsman policy alias set chat-best nova-large-2026-05",
      "in the policy's file here, else at the gateway",
    ],
    [
      'pointsman policy alias set chat-best nova-large-2026-05 --note "evaluation EV-112" --url https://…',
      "at a running gateway, in force at once",
    ],
  ]);
  command.action(async (alias: string, model: string, options: PolicyOptions) => {
    const note = options.note ?? null;
    context.end(
      await changePolicy(context, command, options, (sources) => moveAlias(sources, { alias, model, note }), {
        alias,
        verb: "set",
        body: { model },
      }),
    );
  });
}
