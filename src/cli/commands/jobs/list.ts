/** `pointsman jobs list`: the tenant's jobs, newest first. */
import { type Command, Option } from "commander";
import { JOB_STATUSES } from "../../../core/jobs.ts";
import { askGateway, reportFailure } from "../../ask.ts";
import { addExamples, type CommandContext, terminalOf } from "../../context.ts";
import { EXIT } from "../../exit-codes.ts";
import { addGatewayOptions, countUpTo, type GatewayOptions } from "../../options.ts";
import { drawJobs, jobPage } from "./job-view.ts";

interface ListArguments extends GatewayOptions {
  readonly limit: number;
  readonly after?: string;
  readonly status?: string;
  readonly useCase?: string;
}

export function addJobsList(group: Command, context: CommandContext): void {
  const command = group
    .command("list")
    .description("jobs of the key's tenant, newest first")
    .addOption(new Option("--status <status>", "only these").choices(JOB_STATUSES))
    .option("--use-case <id>", "only of this use case")
    .option("--limit <count>", "jobs a page, at most 100", countUpTo(100), 20)
    .option("--after <cursor>", "older than this job: the cursor of the page before");
  addGatewayOptions(command, "caller");
  addExamples(command, [
    ["pointsman jobs list --status retrying", "what has trouble, and why"],
    ["pointsman jobs list --json | jq -r '.data[].id'", "ids"],
  ]);
  command.action(async (options: ListArguments) => context.end(await list(context, command, options)));
}

async function list(context: CommandContext, command: Command, options: ListArguments): Promise<number> {
  const terminal = terminalOf(context, command);
  const { limit, after, status, useCase } = options;
  const query = { limit, after, status, use_case: useCase };
  const asked = await askGateway(context, options, { path: "/v1/jobs", query }, jobPage);
  if (!asked.ok) return reportFailure(terminal, asked);
  const { data, has_more: more, last_id: last } = asked.view;
  if (terminal.json) terminal.printJson(asked.raw);
  else terminal.print(data.length === 0 ? "No jobs fit." : drawJobs(data, terminal));
  if (!terminal.json && more && last !== null) terminal.note(`More: --after ${last}`);
  return EXIT.success;
}
