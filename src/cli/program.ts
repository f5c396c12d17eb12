/**
 * The command line: every command declared once, every ending turned into an exit code. Owns the top help
 * and what happens to wrong usage; the commands do the work.
 */

import { Command, CommanderError } from "commander";
import packageJson from "../../package.json" with { type: "json" };
import { commandsFor } from "./commands/list.ts";
import { addExamples, type CommandContext } from "./context.ts";
import { EXIT, EXIT_CODE_HELP } from "./exit-codes.ts";
import type { CliPorts } from "./ports.ts";
import { complaint } from "./terminal.ts";

/** The commands that `args` may need, over `ports`; `onEnd` is told the exit code of the one that ran. */
export async function createProgram(
  ports: CliPorts,
  args: readonly string[],
  onEnd: (exitCode: number) => void = () => undefined,
): Promise<Command> {
  const asJson = args.includes("--json");
  const program = new Command("pointsman")
    .description("The gateway between applications and foundation models.")
    .version(packageJson.version, "--version", "print the version")
    .helpOption("-h, --help", "show this help")
    .helpCommand("help [command]", "show the help of a command")
    .option("--json", "print JSON instead of text")
    .option("--no-color", "print without colours (env: NO_COLOR)")
    .exitOverride()
    .showSuggestionAfterError()
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: ports.stdout,
      // The help of a group that was named without its command is no line of JSON.
      writeErr: asJson ? () => undefined : ports.stderr,
      outputError: (text) =>
        ports.stderr(asJson ? complaint(reworded(text).trim(), HELP) : `pointsman: ${reworded(text)}`),
    });
  program.showHelpAfterError(asJson ? false : `  fix: ${HELP}`);
  const context: CommandContext = { ports, end: onEnd };
  for (const add of await commandsFor(args)) add(program, context);
  addExamples(program, [
    ["pointsman up --demo", "a gateway to try, with simulated providers"],
    ["pointsman init && pointsman validate", "a policy of your own, checked"],
    ["pointsman decisions tail", "what happens to requests, live"],
  ]);
  return program.addHelpText("after", `\n${EXIT_CODE_HELP}`);
}

/** Runs one command line. `argv` is the process's own, program names included; never throws. */
export async function runCli(argv: readonly string[], ports: CliPorts): Promise<number> {
  let exitCode: number = EXIT.success;
  try {
    const program = await createProgram(ports, argv.slice(2), (code) => {
      exitCode = code;
    });
    await program.parseAsync(argv);
    return exitCode;
  } catch (thrown) {
    if (thrown instanceof CommanderError) {
      if (thrown.exitCode === 0) return EXIT.success;
      if (thrown.code === "commander.help" && argv.includes("--json")) complainOfNoCommand(ports, argv);
      return EXIT.usage;
    }
    const withStack = Boolean(ports.env.POINTSMAN_DEBUG);
    ports.stderr(describeInternal(thrown, withStack, argv.includes("--json")));
    return EXIT.internal;
  }
}

/** Without `--json` the help has been shown. */
function complainOfNoCommand(ports: CliPorts, argv: readonly string[]): void {
  const named = argv.slice(2).filter((word) => !word.startsWith("-"));
  ports.stderr(complaint(`\`${["pointsman", ...named].join(" ")}\` needs a command.`, HELP));
}

/** `--api-ky=SECRET` is quoted by commander as a whole; the value of a mistyped option stays unsaid. */
function reworded(text: string): string {
  return text.replace(/^error: /, "").replace(/(--?[\w-]+)=[^'\n]*/g, "$1=…");
}

const HELP = "see `pointsman help` and `pointsman help COMMAND`, with examples.";
const REPORT =
  "this is a defect of the program; please report it, with the trace that POINTSMAN_DEBUG=1 adds.";

function describeInternal(thrown: unknown, withStack: boolean, asJson: boolean): string {
  const what = thrown instanceof Error ? thrown.message : String(thrown);
  const stack = withStack && thrown instanceof Error ? `${thrown.stack ?? ""}\n` : "";
  if (asJson) return complaint(`internal error: ${what}\n${stack}`.trim(), REPORT);
  return `pointsman: internal error: ${what}\n${stack}  fix: ${REPORT}\n`;
}
