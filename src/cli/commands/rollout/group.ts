/** `pointsman rollout`: new models, prompts and parameters beside what serves today. Owns the group's help. */
import type { Command } from "commander";
import { addExamples, type CommandContext } from "../../context.ts";
import { addRolloutAbort } from "./abort.ts";
import { addRolloutList } from "./list.ts";
import { addRolloutPromote } from "./promote.ts";
import { addRolloutRelease } from "./release.ts";
import { addRolloutSet } from "./set.ts";

export function addRollout(program: Command, context: CommandContext): void {
  const group = program
    .command("rollout")
    .description("see how each arm of a rollout does; give it more requests, or none");
  addExamples(group, [
    ["pointsman rollout list", "is the candidate worse?"],
    ["pointsman rollout set try-nimbus --weight 25", "a quarter of the requests"],
    ["pointsman rollout abort try-nimbus", "back to what served before, at once"],
  ]);
  addRolloutList(group, context);
  addRolloutSet(group, context);
  addRolloutPromote(group, context);
  addRolloutAbort(group, context);
  addRolloutRelease(group, context);
}
