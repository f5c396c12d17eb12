/** `pointsman jobs`: requests that can wait. Owns the group's help. */
import type { Command } from "commander";
import { addExamples, type CommandContext } from "../../context.ts";
import { addJobsDead, addJobsDiscard, addJobsReplay } from "./dead.ts";
import { addJobsList } from "./list.ts";
import { addJobsCancel, addJobsRedeliver, addJobsShow } from "./one.ts";
import { addJobsSubmit } from "./submit.ts";

export function addJobs(program: Command, context: CommandContext): void {
  const group = program.command("jobs").description("requests that can wait: submitted, followed, put back");
  addExamples(group, [
    [
      'pointsman jobs submit /v1/embeddings \'{"model":"search-vectors","input":"Hello"}\' --wait',
      "have one done, and its result",
    ],
    ["pointsman jobs list --status retrying", "what has trouble"],
    ["pointsman jobs replay --all", "put back what was given up"],
  ]);
  addJobsSubmit(group, context);
  addJobsList(group, context);
  addJobsShow(group, context);
  addJobsCancel(group, context);
  addJobsRedeliver(group, context);
  addJobsDead(group, context);
  addJobsReplay(group, context);
  addJobsDiscard(group, context);
}
