/** `pointsman doctor`: does what the policy names really answer, and if not, why. Looks at nothing itself. */
import { type Command, InvalidArgumentError } from "commander";
import { checkPolicy } from "../../control/doctor/check-policy.ts";
import type { CheckResult } from "../../control/doctor/check-result.ts";
import type { Finding } from "../../policy/finding.ts";
import { testPolicy } from "../../policy/reading/load.ts";
import { suggestion } from "../../policy/suggest.ts";
import { addExamples, type CommandContext, terminalOf } from "../context.ts";
import { createDoctorReport, drawResult, summariseResults } from "../draw-doctor.ts";
import { drawFindings } from "../draw-findings.ts";
import { EXIT } from "../exit-codes.ts";
import { counted } from "../format.ts";
import { compileLocalPolicy, DEFAULT_POLICY, type LocalPolicy } from "../local-policy.ts";
import { duration } from "../options.ts";
import type { CliPorts } from "../ports.ts";
import type { Terminal } from "../terminal.ts";

interface DoctorArguments {
  readonly policy: string;
  readonly env?: string;
  readonly offline?: boolean;
  readonly only?: string;
  /** Milliseconds. */
  readonly timeout?: number;
}

type ReadPolicy = Extract<LocalPolicy, { ok: true }>;
type BuiltPolicy = NonNullable<ReadPolicy["compiled"]["built"]>;

const DEFAULT_TIMEOUT_MS = 10_000;
const SHORTEST_MS = 100;

export function addDoctor(program: Command, context: CommandContext): void {
  const command = program
    .command("doctor")
    .description("check what a policy names: credentials, addresses, clocks, and one tiny call of each model")
    .option("--policy <file>", "the policy", DEFAULT_POLICY)
    .option("--env <name>", "with the overlay of an environment: policy.NAME.yaml beside policy.yaml")
    .option("--offline", "call nothing: say what is missing, and what residency will refuse")
    .option("--only <deployment>", "look at this deployment alone")
    .option("--timeout <duration>", "time that each step may take (default: 10s)", timeout);
  addExamples(command, [
    ["pointsman doctor", `check everything that ${DEFAULT_POLICY} names; each model costs a few tokens`],
    ["pointsman doctor --policy policy.yaml --env prod --offline", "what is missing, without a call"],
    ["pointsman doctor --only claude-eu --timeout 60s", "one deployment, with patience"],
    [
      "pointsman doctor --json | jq '.results[] | select(.status == \"failed\")'",
      "in a pipeline; exit code 1 when a check failed",
    ],
  ]);
  command.action(async (options: DoctorArguments) => context.end(await doctor(context, command, options)));
}

function timeout(text: string): number {
  const value = duration(text);
  if (value < SHORTEST_MS) throw new InvalidArgumentError(`Give at least ${SHORTEST_MS}ms.`);
  return value;
}

async function doctor(context: CommandContext, command: Command, options: DoctorArguments): Promise<number> {
  const { ports } = context;
  const terminal = terminalOf(context, command);
  const read = await compileLocalPolicy(ports, options.policy, options.env ?? null);
  if (!read.ok) {
    terminal.complain(read.message, read.fix);
    return EXIT.usage;
  }
  if (options.env !== undefined && read.sources.length === 1) {
    terminal.note(
      `note: there is no overlay for the environment ${options.env}; the base alone is looked at.`,
    );
  }
  const { findings, built } = judged(read);
  if (built === null) return reportInvalid(read, findings, terminal);
  const known = [...built.snapshot.deployments.keys()];
  if (options.only !== undefined && !known.includes(options.only)) {
    terminal.complain("The policy has no such deployment.", suggestion(options.only, known, "It has none."));
    return EXIT.usage;
  }
  return examine(ports, terminal, { read, findings, built, options });
}

/** A policy that breaks its own tests is never put in force, so it is as good as one that does not compile. */
function judged({ compiled, sources }: ReadPolicy): {
  findings: readonly Finding[];
  built: BuiltPolicy | null;
} {
  const tested = compiled.built && testPolicy(compiled.built, sources);
  const isKept = tested !== null && tested.failed.length === 0;
  return {
    findings: [...compiled.findings, ...(tested?.findings ?? [])],
    built: isKept ? compiled.built : null,
  };
}

function reportInvalid({ sources }: ReadPolicy, findings: readonly Finding[], terminal: Terminal): number {
  const result = checkPolicy(findings, null);
  if (terminal.json) {
    terminal.printJson(asJson(null, findings, [result]));
  } else {
    terminal.print(`${drawFindings(findings, sources, terminal)}\n`);
    terminal.print(drawResult(result, terminal));
  }
  return EXIT.notRight;
}

interface Patient {
  readonly read: ReadPolicy;
  readonly findings: readonly Finding[];
  readonly built: BuiltPolicy;
  readonly options: DoctorArguments;
}

async function examine(ports: CliPorts, terminal: Terminal, patient: Patient): Promise<number> {
  const { read, findings, built, options } = patient;
  const { snapshot, document } = built;
  const policy = checkPolicy(findings, snapshot);
  const results = [policy];
  const report = createDoctorReport(terminal, snapshot);
  if (!terminal.json) report.begin(policy, findings, read.sources);
  const { offline = false, only = null, timeout: timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  if (ports.isTty && !terminal.json && !offline) {
    const count = only === null ? snapshot.deployments.size : 1;
    terminal.note(`checking ${counted(count, "deployment")}; each step may take ${timeoutMs / 1000} s …`);
  }
  const { signal = null } = ports;
  await ports.doctor({ snapshot, document, only, offline, timeoutMs, signal }, (result) => {
    results.push(result);
    if (!terminal.json) report.add(result);
  });
  if (signal?.aborted) terminal.note("note: interrupted; not everything was looked at.");
  if (terminal.json) terminal.printJson(asJson(snapshot.version, findings, results));
  else report.end(results);
  const isRight = !signal?.aborted && results.every(({ status }) => status !== "failed");
  return isRight ? EXIT.success : EXIT.notRight;
}

function asJson(
  version: string | null,
  findings: readonly Finding[],
  results: readonly CheckResult[],
): Readonly<Record<string, unknown>> {
  const summary = summariseResults(results);
  return { healthy: summary.failed === 0, version, findings, results, summary };
}
