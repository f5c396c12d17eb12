/** `pointsman policy`: the policy in force in a running gateway. Owns the group's help. */
import type { Command } from "commander";
import { addExamples, type CommandContext } from "../../context.ts";
import { addPolicyHistory } from "./history.ts";
import { addPolicyStatus } from "./status.ts";

export function addPolicy(program: Command, context: CommandContext): void {
  const group = program.command("policy").description("see which policy is in force, and how it came to be");
  addExamples(group, [
    ["pointsman policy status", "is my edit live?"],
    ["pointsman policy history", "who changed what, and what was refused"],
  ]);
  addPolicyStatus(group, context);
  addPolicyHistory(group, context);
}
