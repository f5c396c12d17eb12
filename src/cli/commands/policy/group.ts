/** `pointsman policy`: the policy in force in a running gateway. Owns the group's help. */
import type { Command } from "commander";
import { addExamples, type CommandContext } from "../../context.ts";
import { addPolicyActivate } from "./activate.ts";
import { addPolicyAlias } from "./alias/group.ts";
import { addPolicyDiff } from "./diff.ts";
import { addPolicyHistory } from "./history.ts";
import { addPolicyPush } from "./push.ts";
import { addPolicyReplicas } from "./replicas.ts";
import { addPolicyRollback, addPolicyUnpin } from "./rollback.ts";
import { addPolicyShow } from "./show.ts";
import { addPolicyStatus } from "./status.ts";

export function addPolicy(program: Command, context: CommandContext): void {
  const group = program
    .command("policy")
    .description("see which policy is in force and how it came to be; change it, and undo the change");
  addExamples(group, [
    ["pointsman policy status", "is my edit live, and does its source answer?"],
    ["pointsman policy history", "who changed what, and what was refused"],
    ["pointsman policy diff current policy.yaml", "what would my edit change?"],
    ["pointsman policy activate new.yaml --linear 20%", "change it for a fifth of the callers at a time"],
    ["pointsman policy rollback", "undo the latest change, at once"],
  ]);
  addPolicyStatus(group, context);
  addPolicyHistory(group, context);
  addPolicyShow(group, context);
  addPolicyDiff(group, context);
  addPolicyPush(group, context);
  addPolicyActivate(group, context);
  addPolicyRollback(group, context);
  addPolicyUnpin(group, context);
  addPolicyReplicas(group, context);
  addPolicyAlias(group, context);
}
