/** `pointsman gameday list`: the drills that come with the program. */
import type { Command } from "commander";
import { addExamples, type CommandContext, terminalOf } from "../../context.ts";
import { EXIT } from "../../exit-codes.ts";
import { span } from "../../format.ts";
import { loadDrill, shippedDrills } from "./load-drill.ts";

export function addGamedayList(group: Command, context: CommandContext): void {
  const command = group.command("list").description("the drills that come with the program");
  addExamples(command, [
    ["pointsman gameday list", "what there is, and how long it takes"],
    ["pointsman gameday list --json | jq -r '.[].file'", "their files, to start from"],
  ]);
  command.action(async () => context.end(await list(context, command)));
}

async function list({ ports, ...rest }: CommandContext, command: Command): Promise<number> {
  const terminal = terminalOf({ ports, ...rest }, command);
  const drills = [];
  for (const file of await shippedDrills()) {
    const loaded = await loadDrill(ports, file);
    if (!loaded.ok) throw new Error(`The shipped drill ${file} is not valid.`);
    const { name, description, load } = loaded.drill;
    drills.push({ name, file, seconds: load.durationMs / 1000, description });
  }
  if (terminal.json) terminal.printJson(drills);
  else {
    const columns = [{ title: "DRILL" }, { title: "TAKES", align: "right" as const }, { title: "WHAT" }];
    const rows = drills.map(({ name, seconds, description }) => {
      return [name, span(seconds * 1000), firstSentence(description)];
    });
    terminal.print(terminal.table(columns, rows));
  }
  return EXIT.success;
}

function firstSentence(text: string): string {
  const flat = text.replace(/\s+/g, " ").trim();
  return /^.*?[.](?= |$)/.exec(flat)?.[0] ?? flat;
}
