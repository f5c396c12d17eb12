/** `pointsman decisions`: the records of what was asked, decided, tried and answered. Owns the group's help. */
import type { Command } from "commander";
import { addExamples, type CommandContext } from "../../context.ts";
import { addDecisionsExport } from "./export.ts";
import { addDecisionsList } from "./list.ts";
import { addDecisionsShow } from "./show.ts";
import { addDecisionsTail } from "./tail.ts";

export function addDecisions(program: Command, context: CommandContext): void {
  const group = program.command("decisions").description("see what happened to requests, and why");
  addExamples(group, [
    ["pointsman decisions tail", "watch requests as they end"],
    ["pointsman decisions list --outcome degraded --limit 20", "what no model answered"],
    ["pointsman decisions show dec_01jd2k3m4p5q6r7s8t9", "one request, attempt by attempt"],
  ]);
  addDecisionsList(group, context);
  addDecisionsTail(group, context);
  addDecisionsShow(group, context);
  addDecisionsExport(group, context);
}
