/** `pointsman rollout set`: another weight. */
import { type Command, InvalidArgumentError } from "commander";
import { setWeight } from "../../../control/rollout/set-weight.ts";
import { addExamples, type CommandContext } from "../../context.ts";
import { changePolicy } from "./change-policy.ts";
import { addPolicyOptions, type PolicyOptions } from "./verb.ts";

interface SetOptions extends PolicyOptions {
  readonly weight: number;
  readonly arm?: string;
}

export function addRolloutSet(group: Command, context: CommandContext): void {
  const command = group
    .command("set")
    .description("give an arm another share of requests; the others keep their proportions")
    .argument("<rollout>", "its name")
    .requiredOption("--weight <percent>", "from 0 to 100", percent)
    .option("--arm <name>", "which arm (default: the candidate)");
  addPolicyOptions(command);
  addExamples(command, [
    ["pointsman rollout set try-nimbus --weight 25", "a quarter of the requests for the candidate"],
    ["pointsman rollout set tone --arm brief --weight 60", "one of several arms"],
  ]);
  command.action(async (rollout: string, options: SetOptions) => {
    const { weight, arm = null } = options;
    context.end(
      await changePolicy(
        context,
        command,
        options,
        (sources) => setWeight(sources, { rollout, weight, arm }),
        { rollout, verb: "set", body: { weight, ...(arm !== null && { arm }) } },
      ),
    );
  });
}

function percent(text: string): number {
  const value = Number(text.replace(/%$/, ""));
  if (text.trim() === "" || !(value >= 0 && value <= 100)) {
    throw new InvalidArgumentError("Give a percentage from 0 to 100, such as 25.");
  }
  return value;
}
