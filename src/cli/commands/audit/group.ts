/** `pointsman audit`: who did what to a running gateway. Owns the group's help. */
import type { Command } from "commander";
import { addExamples, type CommandContext } from "../../context.ts";
import { addAuditList } from "./list.ts";
import { addAuditTail } from "./tail.ts";
import { addAuditVerify } from "./verify.ts";

export function addAudit(program: Command, context: CommandContext): void {
  const group = program
    .command("audit")
    .description("see who changed what, and whether the log of it is whole (needs a key of role admin)");
  addExamples(group, [
    ["pointsman audit list", "the latest acts"],
    ["pointsman audit verify", "was the log tampered with?"],
  ]);
  addAuditList(group, context);
  addAuditTail(group, context);
  addAuditVerify(group, context);
}
