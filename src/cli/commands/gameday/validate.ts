/** `pointsman gameday validate`: whether a drill can be run, without running it. */
import type { Command } from "commander";
import { addExamples, type CommandContext, terminalOf } from "../../context.ts";
import { EXIT } from "../../exit-codes.ts";
import { counted, span } from "../../format.ts";
import { loadDrill } from "./load-drill.ts";
import { reportLoad } from "./report-load.ts";

export function addGamedayValidate(group: Command, context: CommandContext): void {
  const command = group
    .command("validate")
    .description("check a drill with its policy and scenario: every finding with line, column and the fix")
    .argument("<file>", "the drill, or the name of one that comes with the program");
  addExamples(command, [
    ["pointsman gameday validate drill.yaml", "can it be run?"],
    ["pointsman gameday validate drill.yaml --json | jq '.findings[].message'", "in a pipeline"],
  ]);
  command.action(async (file: string) => context.end(await validate(context, command, file)));
}

async function validate(context: CommandContext, command: Command, file: string): Promise<number> {
  const terminal = terminalOf(context, command);
  const loaded = await loadDrill(context.ports, file);
  if (!loaded.ok && loaded.reason === "unreadable") {
    reportLoad(loaded, terminal);
    return EXIT.usage;
  }
  if (terminal.json) {
    terminal.printJson({ valid: loaded.ok, findings: loaded.ok ? [] : loaded.findings });
  } else if (loaded.ok) {
    const { name, load, faults } = loaded.drill;
    const size = `${span(load.durationMs)} on the clock, ${counted(faults.length, "fault")}`;
    terminal.print(terminal.paint("green", `${file} is valid: ${name}, ${size}.`));
  } else {
    reportLoad(loaded, terminal);
  }
  return loaded.ok ? EXIT.success : EXIT.notRight;
}
