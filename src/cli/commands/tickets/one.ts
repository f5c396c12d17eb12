/** `pointsman tickets show|claim|answer|close`: one ticket, looked at or changed. Owns what they share. */
import type { Command } from "commander";
import { askGateway, reportFailure } from "../../ask.ts";
import { addExamples, type CommandContext, terminalOf } from "../../context.ts";
import { EXIT } from "../../exit-codes.ts";
import { addGatewayOptions, durationOption, type GatewayOptions } from "../../options.ts";
import { readStdin } from "../../read-text.ts";
import { drawTicket, ticketView } from "./ticket-view.ts";

interface ClaimArguments extends GatewayOptions {
  readonly lease: number;
}

export function addTicketsShow(group: Command, context: CommandContext): void {
  const command = ticketCommand(group, "show", "one ticket, with the user's text where it is kept");
  addExamples(command, [
    ["pointsman tickets show tkt_01jd2k3m4p5q6r7s8t9", "what was asked"],
    ["pointsman tickets show tkt_01jd2k3m4p5q6r7s8t9 --json | jq -r .answer", "what was answered"],
  ]);
  command.action(async (id: string, options: GatewayOptions) =>
    context.end(await act(context, command, options, id, null)),
  );
}

export function addTicketsClaim(group: Command, context: CommandContext): void {
  const command = ticketCommand(group, "claim", "work on it: nobody else is given it meanwhile").addOption(
    durationOption("--lease <duration>", "for how long", "15m"),
  );
  addExamples(command, [
    ["pointsman tickets claim tkt_01jd2k3m4p5q6r7s8t9", "a quarter of an hour for it"],
    ["pointsman tickets claim tkt_01jd2k3m4p5q6r7s8t9 --lease 30m", "longer, also when it is yours already"],
  ]);
  command.action(async (id: string, options: ClaimArguments) => {
    const body = { lease_seconds: Math.round(options.lease / 1000) };
    context.end(await act(context, command, options, id, { verb: "claim", body }));
  });
}

export function addTicketsAnswer(group: Command, context: CommandContext): void {
  const command = ticketCommand(
    group,
    "answer",
    "answer it; the application is told by its webhook",
  ).argument("<text>", "the answer; - reads standard input");
  addExamples(command, [
    ['pointsman tickets answer tkt_01jd2k3m4p5q6r7s8t9 "It left our house this morning."', "a line"],
    ["pointsman tickets answer tkt_01jd2k3m4p5q6r7s8t9 -", "what standard input has"],
  ]);
  command.action(async (id: string, text: string, options: GatewayOptions) => {
    const answer = text === "-" ? await readStdin(context.ports) : text;
    context.end(await act(context, command, options, id, { verb: "answer", body: { answer } }));
  });
}

export function addTicketsClose(group: Command, context: CommandContext): void {
  const command = ticketCommand(group, "close", "end it without an answer");
  addExamples(command, [
    ["pointsman tickets close tkt_01jd2k3m4p5q6r7s8t9", "it was answered elsewhere"],
    ["pointsman tickets close tkt_01jd2k3m4p5q6r7s8t9 --json", "for a script"],
  ]);
  command.action(async (id: string, options: GatewayOptions) =>
    context.end(await act(context, command, options, id, { verb: "close", body: {} })),
  );
}

function ticketCommand(group: Command, name: string, description: string): Command {
  const command = group.command(name).description(description).argument("<id>", "the ticket's id");
  return addGatewayOptions(command, "operator");
}

/** `change`: null to look at it alone. */
async function act(
  context: CommandContext,
  command: Command,
  options: GatewayOptions,
  id: string,
  change: { readonly verb: string; readonly body: unknown } | null,
): Promise<number> {
  const terminal = terminalOf(context, command);
  const path = `/admin/tickets/${encodeURIComponent(id)}`;
  const question = change === null ? { path } : { path: `${path}/${change.verb}`, body: change.body };
  const asked = await askGateway(context, options, question, ticketView);
  if (!asked.ok) return reportFailure(terminal, asked);
  if (terminal.json) terminal.printJson(asked.raw);
  else terminal.print(drawTicket(asked.view, terminal));
  return EXIT.success;
}
