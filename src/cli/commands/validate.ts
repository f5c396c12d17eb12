/**
 * `pointsman validate`: is this policy right, does it keep its own promises, and if not, where and how to
 * mend it. Finds nothing itself.
 */
import type { Command } from "commander";
import type { Finding } from "../../policy/finding.ts";
import { type TestedPolicy, testPolicy } from "../../policy/reading/load.ts";
import { addExamples, type CommandContext, terminalOf } from "../context.ts";
import { drawFindings, summariseFindings } from "../draw-findings.ts";
import { EXIT } from "../exit-codes.ts";
import { counted } from "../format.ts";
import { compileLocalPolicy, DEFAULT_POLICY, type LocalPolicy } from "../local-policy.ts";
import type { Terminal } from "../terminal.ts";

interface ValidateArguments {
  readonly env?: string;
}

type ReadPolicy = Extract<LocalPolicy, { ok: true }>;

/** What is to be said of a policy that could be read. */
interface Verdict {
  readonly read: ReadPolicy;
  readonly findings: readonly Finding[];
  /** Null: it did not compile, so no test could be run. */
  readonly tests: TestedPolicy | null;
  readonly valid: boolean;
}

export function addValidate(program: Command, context: CommandContext): void {
  const command = program
    .command("validate")
    .description("check a policy and run its tests: every finding with file, line, column and the fix")
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
  const verdict = judge(read);
  if (env !== undefined && read.sources.length === 1) {
    terminal.note(`note: there is no overlay for the environment ${env}; the base alone was checked.`);
  }
  if (terminal.json) printVerdict(verdict, terminal);
  else printReport(verdict, terminal);
  return verdict.valid ? EXIT.success : EXIT.notRight;
}

function judge(read: ReadPolicy): Verdict {
  const { findings, built } = read.compiled;
  const tests = built === null ? null : testPolicy(built, read.sources);
  return {
    read,
    findings: [...findings, ...(tests?.findings ?? [])],
    tests,
    valid: tests !== null && tests.failed.length === 0,
  };
}

function printVerdict({ read, findings, tests, valid }: Verdict, terminal: Terminal): void {
  const { total = 0, passed = 0, failed = [] } = tests ?? {};
  terminal.printJson({
    valid,
    version: read.compiled.built?.snapshot.version ?? null,
    findings,
    tests: { ran: tests !== null, total, passed, failed: failed.length, failures: failed },
  });
}

function printReport({ read, findings, tests, valid }: Verdict, terminal: Terminal): void {
  const { sources, compiled } = read;
  if (findings.length > 0) terminal.print(`${drawFindings(findings, sources, terminal)}\n`);
  const files = sources.map((source) => source.file).join(" + ");
  if (!valid || compiled.built === null) {
    const count =
      tests === null || tests.total === 0
        ? ""
        : ` ${tests.failed.length} of ${counted(tests.total, "test")} failed.`;
    terminal.print(terminal.paint("red", `${files} is not valid: ${summariseFindings(findings)}.${count}`));
    return;
  }
  const { version, deployments } = compiled.built.snapshot;
  const useCases = Object.keys(compiled.built.document.use_cases).length;
  const size = [counted(useCases, "use case"), counted(deployments.size, "deployment")];
  if (tests !== null && tests.total > 0) size.push(`${counted(tests.total, "test")} passed`);
  const remarks = findings.length === 0 ? "" : ` ${summariseFindings(findings)}.`;
  terminal.print(terminal.paint("green", `${files} is valid: ${version}, ${size.join(", ")}.${remarks}`));
}
