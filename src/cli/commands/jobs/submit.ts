/** `pointsman jobs submit`: has one request done that can wait, and follows it where that is wanted. */
import { resolve } from "node:path";
import { type Command, Option } from "commander";
import { sleep } from "../../../core/clock.ts";
import { JOB_ENDPOINTS } from "../../../core/jobs.ts";
import { type Asked, askGateway, reportFailure } from "../../ask.ts";
import { addExamples, type CommandContext, terminalOf } from "../../context.ts";
import { EXIT } from "../../exit-codes.ts";
import { addGatewayOptions, duration, type GatewayOptions } from "../../options.ts";
import type { CliPorts } from "../../ports.ts";
import { readStdin, readText, type TextFile } from "../../read-text.ts";
import { drawJob, type JobView, jobView, OVER } from "./job-view.ts";

/** Between two looks at one that is waited for. */
const LOOK_MS = 500;

interface SubmitArguments extends GatewayOptions {
  readonly webhook?: string;
  readonly deadline?: number;
  readonly delay?: number;
  readonly idempotencyKey?: string;
  readonly acceptDegraded?: boolean;
  readonly wait?: boolean;
}

export function addJobsSubmit(group: Command, context: CommandContext): void {
  const command = group
    .command("submit")
    .description("have a request done that can wait")
    .argument("<endpoint>", `one of ${JOB_ENDPOINTS.join(", ")}`)
    .argument(
      "<body>",
      "the request as JSON, in the endpoint's dialect, or a file of it; - reads standard input",
    )
    .option("--webhook <url>", "tell this address of its end; the policy must allow it")
    .option("--deadline <duration>", "give up after so long; default 24h", duration)
    .option("--delay <duration>", "do not begin before", duration)
    .option("--idempotency-key <key>", "the same key is the same job, however often it is submitted")
    .addOption(new Option("--accept-degraded", "an answer without a model will do"))
    .option("--wait", "wait for its end, and print the result");
  addGatewayOptions(command, "caller");
  addExamples(command, [
    [
      'pointsman jobs submit /v1/embeddings \'{"model":"search-vectors","input":"Hello"}\' --wait',
      "its vectors",
    ],
    ["pointsman jobs submit /v1/chat/completions request.json --idempotency-key invoice-17", "once"],
  ]);
  command.action(async (endpoint: string, body: string, options: SubmitArguments) =>
    context.end(await submit(context, command, options, endpoint, body)),
  );
}

async function submit(
  context: CommandContext,
  command: Command,
  options: SubmitArguments,
  endpoint: string,
  written: string,
): Promise<number> {
  const terminal = terminalOf(context, command);
  const read = await readBody(context.ports, written);
  if (!read.ok) {
    terminal.complain(read.message, read.fix);
    return EXIT.usage;
  }
  const body = asJson(read.text);
  if (body === undefined) {
    terminal.complain("The body is not valid JSON.", "Quote it as the shell wants it, or name a file of it.");
    return EXIT.usage;
  }
  const job = { endpoint, body, ...fieldsOf(options) };
  const submitted = await askGateway(context, options, { path: "/v1/jobs", body: job }, jobView);
  const asked =
    submitted.ok && options.wait ? await followed(context, options, submitted.view.id) : submitted;
  if (!asked.ok) return reportFailure(terminal, asked);
  if (terminal.json) terminal.printJson(asked.raw);
  else terminal.print(drawJob(asked.view, terminal));
  return !options.wait || asked.view.status === "succeeded" ? EXIT.success : EXIT.notRight;
}

/** A body is an object, and no file that one would name begins as an object does. */
async function readBody(ports: CliPorts, written: string): Promise<TextFile> {
  if (written === "-") return { ok: true, text: await readStdin(ports) };
  if (written.trimStart().startsWith("{")) return { ok: true, text: written };
  return readText(resolve(ports.cwd, written), written);
}

function fieldsOf({ webhook, deadline, delay, idempotencyKey, acceptDegraded }: SubmitArguments) {
  return {
    ...(webhook !== undefined && { webhook: { url: webhook } }),
    ...(deadline !== undefined && { deadline_seconds: Math.ceil(deadline / 1000) }),
    ...(delay !== undefined && { delay_seconds: Math.ceil(delay / 1000) }),
    ...(idempotencyKey !== undefined && { idempotency_key: idempotencyKey }),
    ...(acceptDegraded && { accept_degraded: true }),
  };
}

/** As it stood when it ended, or when the command was interrupted. */
async function followed(
  context: CommandContext,
  options: GatewayOptions,
  id: string,
): Promise<Asked<JobView>> {
  const { clock, signal } = context.ports;
  for (;;) {
    const asked = await askGateway(context, options, { path: `/v1/jobs/${encodeURIComponent(id)}` }, jobView);
    if (!asked.ok || OVER.has(asked.view.status)) return asked;
    if (!(await sleep(clock, LOOK_MS, signal))) return asked;
  }
}

function asJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
