/** `pointsman jobs dead|replay`: jobs that were given up, looked at and put back. */
import type { Command } from "commander";
import { z } from "zod";
import { askGateway, reportFailure } from "../../ask.ts";
import { addExamples, type CommandContext, terminalOf } from "../../context.ts";
import { EXIT } from "../../exit-codes.ts";
import { addGatewayOptions, countUpTo, type GatewayOptions } from "../../options.ts";
import { deadPage, drawDead } from "./job-view.ts";

interface DeadArguments extends GatewayOptions {
  readonly limit: number;
  readonly after?: string;
}

interface ReplayArguments extends GatewayOptions {
  readonly all?: boolean;
}

const discarded = z.object({ discarded: z.array(z.string()) });
const replayed = z.object({ replayed: z.array(z.string()), more: z.boolean() });

export function addJobsDead(group: Command, context: CommandContext): void {
  const command = group
    .command("dead")
    .description("jobs of every tenant that were given up, oldest first (role: viewer)")
    .option("--limit <count>", "jobs a page, at most 100", countUpTo(100), 50)
    .option("--after <cursor>", "after this job: the cursor of the page before");
  addGatewayOptions(command);
  addExamples(command, [
    ["pointsman jobs dead", "which, and why"],
    ["pointsman jobs dead --json | jq -r '.jobs[].id'", "ids, for replay"],
  ]);
  command.action(async (options: DeadArguments) => context.end(await dead(context, command, options)));
}

async function dead(context: CommandContext, command: Command, options: DeadArguments): Promise<number> {
  const terminal = terminalOf(context, command);
  const { limit, after } = options;
  const question = { path: "/admin/jobs/dead", query: { limit, after } };
  const asked = await askGateway(context, options, question, deadPage);
  if (!asked.ok) return reportFailure(terminal, asked);
  const { jobs, cursor } = asked.view;
  if (terminal.json) terminal.printJson(asked.raw);
  else terminal.print(jobs.length === 0 ? "No dead letters." : drawDead(jobs, terminal));
  if (!terminal.json && cursor !== null) terminal.note(`More: --after ${cursor}`);
  return EXIT.success;
}

export function addJobsReplay(group: Command, context: CommandContext): void {
  const command = group
    .command("replay")
    .description("put jobs that were given up back on the queue, tries counted anew (role: operator)")
    .argument("[ids...]", "the jobs' ids")
    .option("--all", "all of them, a thousand at the most");
  addGatewayOptions(command, "operator");
  addExamples(command, [
    ["pointsman jobs replay job_01jd2k3m4p5q6r7s8t9", "one"],
    ["pointsman jobs replay --all", "all, once what failed works again"],
  ]);
  command.action(async (ids: string[], options: ReplayArguments) =>
    context.end(await replay(context, command, options, ids)),
  );
}

export function addJobsDiscard(group: Command, context: CommandContext): void {
  const command = group
    .command("discard")
    .description("forget jobs that were given up, with their requests (role: operator)")
    .argument("<ids...>", "the jobs' ids");
  addGatewayOptions(command, "operator");
  addExamples(command, [
    ["pointsman jobs discard job_01jd2k3m4p5q6r7s8t9", "it will never work"],
    ["pointsman jobs discard job_01jd2k3m4p5q6r7s8t9 --json", "for a script"],
  ]);
  command.action(async (ids: string[], options: GatewayOptions) => {
    const terminal = terminalOf(context, command);
    const question = { path: "/admin/jobs/dead/discard", body: { ids } };
    const asked = await askGateway(context, options, question, discarded);
    if (!asked.ok) return context.end(reportFailure(terminal, asked));
    const found = asked.view.discarded;
    if (terminal.json) terminal.printJson(asked.raw);
    else terminal.print(found.length === 0 ? "None was found." : `Forgotten: ${found.join(", ")}`);
    return context.end(found.length === ids.length ? EXIT.success : EXIT.notRight);
  });
}

async function replay(
  context: CommandContext,
  command: Command,
  options: ReplayArguments,
  ids: readonly string[],
): Promise<number> {
  const terminal = terminalOf(context, command);
  const all = options.all ?? false;
  if (all === ids.length > 0) {
    terminal.complain("Which jobs?", "Name their ids, or give --all; not both.");
    return EXIT.usage;
  }
  const body = all ? { all: true } : { ids };
  const asked = await askGateway(context, options, { path: "/admin/jobs/dead/replay", body }, replayed);
  if (!asked.ok) return reportFailure(terminal, asked);
  const found = asked.view.replayed;
  if (terminal.json) terminal.printJson(asked.raw);
  else terminal.print(found.length === 0 ? "None was found." : `Put back: ${found.join(", ")}`);
  if (!terminal.json && asked.view.more) terminal.note("There are more: run it again.");
  // Some of those that were named are no dead letters.
  return all || found.length === ids.length ? EXIT.success : EXIT.notRight;
}
