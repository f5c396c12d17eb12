/** `pointsman gameday`: failures rehearsed on a gateway of one's own. Owns the group's help. */
import type { Command } from "commander";
import { addExamples, type CommandContext } from "../../context.ts";
import { addGamedayList } from "./list.ts";
import { addGamedayRun } from "./run.ts";
import { addGamedayValidate } from "./validate.ts";

export function addGameday(program: Command, context: CommandContext): void {
  const group = program
    .command("gameday")
    .description("rehearse failures: a gateway, simulated providers, a load, and what must hold");
  addExamples(group, [
    ["pointsman gameday list", "the drills that come with the program"],
    ["pointsman gameday run region-outage", "lose a region, and see what callers notice"],
    ["pointsman gameday run drill.yaml --report drill.html", "your own, with a report to show around"],
  ]);
  addGamedayRun(group, context);
  addGamedayList(group, context);
  addGamedayValidate(group, context);
}
