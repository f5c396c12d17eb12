/** What every command is handed when it is declared, and how an action's result becomes the exit code. */
import type { Command } from "commander";
import type { CliPorts } from "./ports.ts";
import { createTerminal, type GlobalOptions, type Terminal } from "./terminal.ts";

export interface CommandContext {
  readonly ports: CliPorts;
  /** Called once, with the code the process should end with. */
  end(exitCode: number): void;
}

/** The terminal as the global options of this call want it. */
export function terminalOf(context: CommandContext, command: Command): Terminal {
  return createTerminal(context.ports, command.optsWithGlobals<GlobalOptions>());
}

/** Appends real calls to a command's help. */
export function addExamples(
  command: Command,
  examples: readonly (readonly [call: string, why: string])[],
): void {
  const lines = examples.map(([call, why]) => `  # ${why}\n  $ ${call}`);
  command.addHelpText("after", `\nExamples:\n${lines.join("\n")}`);
}
