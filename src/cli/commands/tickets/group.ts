/** `pointsman tickets`: what people are asked to answer because no model could. Owns the group's help. */
import type { Command } from "commander";
import { addExamples, type CommandContext } from "../../context.ts";
import { addTicketsList } from "./list.ts";
import { addTicketsAnswer, addTicketsClaim, addTicketsClose, addTicketsShow } from "./one.ts";

export function addTickets(program: Command, context: CommandContext): void {
  const group = program.command("tickets").description("answer what no model could: the degraded mode human");
  addExamples(group, [
    ["pointsman tickets list --status open", "what waits"],
    ["pointsman tickets claim tkt_01jd2k3m4p5q6r7s8t9", "take one"],
    ['pointsman tickets answer tkt_01jd2k3m4p5q6r7s8t9 "Yes, until Friday."', "answer it"],
  ]);
  addTicketsList(group, context);
  addTicketsShow(group, context);
  addTicketsClaim(group, context);
  addTicketsAnswer(group, context);
  addTicketsClose(group, context);
}
