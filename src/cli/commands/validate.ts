/** `pointsman validate`: is this policy right, and if not, where and how to mend it. Finds nothing itself. */
import type { Command } from "commander";
import { addExamples, type CommandContext, terminalOf } from "../context.ts";
import { drawFindings, summariseFindings } from "../draw-findings.ts";
import { EXIT } from "../exit-codes.ts";
import { counted } from "../format.ts";
import { compileLocalPolicy, DEFAULT_POLICY, type LocalPolicy } from "../policy-source.ts";
import type { Terminal } from "../terminal.ts";

interface ValidateArguments {
  readonly env?: string;
}

type ReadPolicy = Extract<LocalPolicy, { ok: true }>;

export function addValidate(program: Command, context: CommandContext): void {
  const command = program
    .command("validate")
    .description("check a policy: every finding with file, line, column and the fix")
    .argument("[file]", "the policy", DEFAULT_POLICY)
    .option("--env <name>", "with the overlay of an environment: policy.NAME.yaml beside policy.yaml");
  addExamples(command, [
    ["pointsman validate", `check ${DEFAULT_POLICY}`],
    ["pointsman validate policy.yaml --env prod", "check it as production would see it"],
    ["pointsman validate policy.yaml --json | jq '.findings[].code'", "in a pipeline; exit code 1 on errors"],
  ]);
  command.action(async (file: string, options: ValidateArguments) =>
    context.end(await validate(context, command, file, options)),
  );
}

async function validate(
  context: CommandContext,
  command: Command,
  file: string,
  { env }: ValidateArguments,
): Promise<number> {
  const terminal = terminalOf(context, command);
  const read = await compileLocalPolicy(context.ports, file, env ?? null);
  if (!read.ok) {
    terminal.complain(read.message, read.fix);
    return EXIT.usage;
  }
  const { findings, built } = read.compiled;
  if (env !== undefined && read.sources.length === 1) {
    terminal.note(`note: there is no overlay for the environment ${env}; the base alone was checked.`);
  }
  if (terminal.json) {
    terminal.printJson({ valid: built !== null, version: built?.snapshot.version ?? null, findings });
  } else {
    printReport(read, terminal);
  }
  return built === null ? EXIT.notRight : EXIT.success;
}

function printReport({ sources, compiled }: ReadPolicy, terminal: Terminal): void {
  const { findings, built } = compiled;
  if (findings.length > 0) terminal.print(`${drawFindings(findings, sources, terminal)}\n`);
  const files = sources.map((source) => source.file).join(" + ");
  if (built === null) {
    terminal.print(terminal.paint("red", `${files} is not valid: ${summariseFindings(findings)}.`));
    return;
  }
  const { version, deployments } = built.snapshot;
  const useCases = Object.keys(built.document.use_cases).length;
  const size = `${counted(useCases, "use case")}, ${counted(deployments.size, "deployment")}`;
  const remarks = findings.length === 0 ? "" : ` ${summariseFindings(findings)}.`;
  terminal.print(terminal.paint("green", `${files} is valid: ${version}, ${size}.${remarks}`));
}
