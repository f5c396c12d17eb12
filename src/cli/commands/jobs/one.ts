/** `pointsman jobs show|cancel|redeliver`: one job, looked at or changed. Owns what they share. */
import type { Command } from "commander";
import { askGateway, reportFailure } from "../../ask.ts";
import { addExamples, type CommandContext, terminalOf } from "../../context.ts";
import { EXIT } from "../../exit-codes.ts";
import { addGatewayOptions, type GatewayOptions } from "../../options.ts";
import { drawJob, jobView } from "./job-view.ts";

export function addJobsShow(group: Command, context: CommandContext): void {
  const command = jobCommand(group, "show", "how one stands, with its result");
  addExamples(command, [
    ["pointsman jobs show job_01jd2k3m4p5q6r7s8t9", "everything about it"],
    ["pointsman jobs show job_01jd2k3m4p5q6r7s8t9 --json | jq .response.body", "its result"],
  ]);
  command.action(async (id: string, options: GatewayOptions) =>
    context.end(await act(context, command, options, id, null)),
  );
}

export function addJobsCancel(group: Command, context: CommandContext): void {
  const command = jobCommand(group, "cancel", "end it early; a call under way is given up");
  addExamples(command, [
    ["pointsman jobs cancel job_01jd2k3m4p5q6r7s8t9", "it never runs, or no longer"],
    ["pointsman jobs cancel job_01jd2k3m4p5q6r7s8t9 --json", "for a script"],
  ]);
  command.action(async (id: string, options: GatewayOptions) =>
    context.end(await act(context, command, options, id, "cancel")),
  );
}

export function addJobsRedeliver(group: Command, context: CommandContext): void {
  const command = jobCommand(group, "redeliver", "tell its webhook again, under the same id");
  addExamples(command, [
    ["pointsman jobs redeliver job_01jd2k3m4p5q6r7s8t9", "the application was away too long"],
    ["pointsman jobs redeliver job_01jd2k3m4p5q6r7s8t9 --json", "for a script"],
  ]);
  command.action(async (id: string, options: GatewayOptions) =>
    context.end(await act(context, command, options, id, "redeliver")),
  );
}

function jobCommand(group: Command, name: string, description: string): Command {
  return addGatewayOptions(
    group.command(name).description(description).argument("<id>", "the job's id"),
    "caller",
  );
}

/** `verb`: null to look at it alone. */
async function act(
  context: CommandContext,
  command: Command,
  options: GatewayOptions,
  id: string,
  verb: "cancel" | "redeliver" | null,
): Promise<number> {
  const terminal = terminalOf(context, command);
  const path = `/v1/jobs/${encodeURIComponent(id)}`;
  const question = verb === null ? { path } : { path: `${path}/${verb}`, body: {} };
  const asked = await askGateway(context, options, question, jobView);
  if (!asked.ok) return reportFailure(terminal, asked);
  if (terminal.json) terminal.printJson(asked.raw);
  else terminal.print(drawJob(asked.view, terminal));
  return EXIT.success;
}
