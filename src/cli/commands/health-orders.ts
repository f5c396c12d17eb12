/** `pointsman health reset|force-open`: what an operator orders of a circuit. Owns what they share. */
import type { Command } from "commander";
import { askGateway, reportFailure } from "../ask.ts";
import { addExamples, type CommandContext, terminalOf } from "../context.ts";
import { EXIT } from "../exit-codes.ts";
import { instant } from "../format.ts";
import { type HealthRow, orderedRow } from "../gateway-answers.ts";
import { addGatewayOptions, duration, type GatewayOptions } from "../options.ts";

interface OrderArguments extends GatewayOptions {
  readonly reason?: string;
  /** Milliseconds. */
  readonly for?: number;
}

export function addHealthReset(group: Command, context: CommandContext): void {
  const command = orderCommand(
    group,
    "reset",
    "close a deployment's circuit and end the cooldown of its quota, whatever had led to them",
  );
  addExamples(command, [
    ["pointsman health reset large-us", "send requests to it again, at once, and to all on its quota"],
    [
      'pointsman health reset large-us --reason "the provider says it is well"',
      "and say why, for the audit log",
    ],
  ]);
  command.action(async (deployment: string) =>
    context.end(await order(context, command, deployment, "reset")),
  );
}

export function addHealthForceOpen(group: Command, context: CommandContext): void {
  const command = orderCommand(group, "force-open", "take a deployment out: nothing is sent to it").option(
    "--for <duration>",
    "how long, a day at most; then it is probed (default: until it is reset)",
    duration,
  );
  addExamples(command, [
    ["pointsman health force-open large-us --for 10m", "for the time of a maintenance"],
    ['pointsman health force-open large-us --reason "wrong answers since noon"', "until `health reset`"],
  ]);
  command.action(async (deployment: string) =>
    context.end(await order(context, command, deployment, "force-open")),
  );
}

function orderCommand(group: Command, name: string, description: string): Command {
  const command = group
    .command(name)
    .description(`${description}; needs a key with the role operator`)
    .argument("<deployment>", "its name, as `pointsman health` lists it")
    .option("--reason <text>", "why, for the audit log");
  return addGatewayOptions(command, "operator");
}

async function order(
  context: CommandContext,
  command: Command,
  deployment: string,
  verb: "reset" | "force-open",
): Promise<number> {
  const terminal = terminalOf(context, command);
  // The group has options of the same names, and takes them wherever they stand.
  const options = command.optsWithGlobals<OrderArguments>();
  const body = {
    ...(options.reason !== undefined && { reason: options.reason }),
    ...(options.for !== undefined && { for: `${options.for}ms` }),
  };
  const path = `/admin/health/${encodeURIComponent(deployment)}/${verb}`;
  const asked = await askGateway(context, options, { path, body }, orderedRow);
  if (!asked.ok) return reportFailure(terminal, asked);
  if (terminal.json) {
    terminal.printJson(asked.raw);
    return EXIT.success;
  }
  const { kept } = asked.view;
  terminal.print(`${deployment} is ${conditionOf(asked.view)}.`);
  if (kept === false) {
    terminal.print(
      "The gateway could not write it to its store as yet, and goes on trying: a restart now would lose it.",
    );
  }
  return EXIT.success;
}

/** How it is now, and whether requests are sent to it. */
function conditionOf({ state, nextProbeAt, cooldownUntil }: HealthRow): string {
  if (state !== "closed") {
    return `${state} ${nextProbeAt === null ? "until it is reset" : `until ${instant(nextProbeAt)} UTC`}`;
  }
  if (cooldownUntil === null) return "closed: requests are sent to it";
  return `closed, but its quota cools down: nothing is sent to it until ${instant(cooldownUntil)} UTC`;
}
