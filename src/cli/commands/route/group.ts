/** `pointsman route`: what routing makes of prompts. Owns the group's help. */
import type { Command } from "commander";
import { addExamples, type CommandContext } from "../../context.ts";
import { addRouteCalibrate } from "./calibrate.ts";
import { addRouteScore } from "./score.ts";

export function addRoute(program: Command, context: CommandContext): void {
  const group = program
    .command("route")
    .description("see how hard prompts count as, and calibrate rules by it");
  addExamples(group, [
    ['pointsman route score "Why is the sky blue?"', "how hard is this, and why?"],
    ["pointsman route calibrate --target-share 0.3 --prompts day.jsonl", "the threshold for a share"],
  ]);
  addRouteScore(group, context);
  addRouteCalibrate(group, context);
}
