/**
 * `pointsman gameday run`: a drill, from its file to its verdict. Owns the options, the exit codes and where the
 * report goes; the drill itself is control/gameday's.
 */
import { writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import type { DrillOverrides } from "../../../control/gameday/prepare-drill.ts";
import { renderHtml } from "../../../control/gameday/render-html.ts";
import type { DrillReport } from "../../../control/gameday/report.ts";
import { runDrill } from "../../../control/gameday/run-drill.ts";
import { addExamples, type CommandContext, terminalOf } from "../../context.ts";
import { createProgressLine, drawDrill } from "../../draw-gameday.ts";
import { EXIT } from "../../exit-codes.ts";
import { counted, span } from "../../format.ts";
import { duration } from "../../options.ts";
import { fileErrorCode, unreadable } from "../../read-text.ts";
import type { Terminal } from "../../terminal.ts";
import { type LoadedDrill, loadDrill } from "./load-drill.ts";
import { reportLoad } from "./report-load.ts";

interface RunArguments {
  readonly report?: string;
  readonly seed?: number;
  readonly rate?: number;
  readonly duration?: number;
}

/** A stop condition ended it: the same number as a gateway that could not be reached, as neither is a verdict. */
const EXIT_STOPPED = EXIT.gateway;
/** As shells have it: 128 and the number of SIGINT. */
const EXIT_INTERRUPTED = 130;

export function addGamedayRun(group: Command, context: CommandContext): void {
  const command = group
    .command("run")
    .description("run a drill on a gateway of its own, with simulated providers, and judge it")
    .argument("<file>", "the drill, or the name of one that comes with the program")
    .option("--report <file>", "write the report as one HTML page")
    .option("--seed <number>", "what is drawn by chance follows from it (default: the drill's)", wholeNumber)
    .option("--rate <number>", "requests a second, in place of the drill's", positive)
    .option("--duration <duration>", "length of the load on the clock, in place of the drill's", duration);
  addExamples(command, [
    ["pointsman gameday run region-outage", "a drill that comes with the program"],
    ["pointsman gameday run drill.yaml --report drill.html", "your own, with a page to show around"],
    ["pointsman gameday run drill.yaml --json | jq '.pass'", "in a pipeline"],
  ]);
  command.addHelpText(
    "after",
    "\nExit codes: 0 everything held, 1 something did not, 2 the drill cannot be run as it is written,\n" +
      "3 a stop condition ended it or its gateway did not start or died, 130 Ctrl-C.",
  );
  command.action(async (file: string, options: RunArguments) =>
    context.end(await run(context, command, file, options)),
  );
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!/^\d{1,10}$/.test(text)) throw new InvalidArgumentError("Give a whole number.");
  return value;
}

function positive(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value > 0) || value > 10_000) {
    throw new InvalidArgumentError("Give a number above 0, 10000 at most.");
  }
  return value;
}

async function run(
  context: CommandContext,
  command: Command,
  file: string,
  options: RunArguments,
): Promise<number> {
  const terminal = terminalOf(context, command);
  const loaded = await loadDrill(context.ports, file, overridesOf(options));
  if (!loaded.ok) {
    reportLoad(loaded, terminal);
    return EXIT.usage;
  }
  const page = options.report === undefined ? null : resolve(context.ports.cwd, options.report);
  // Before the drill: nobody should find out after it that its report cannot be kept.
  if (page !== null && !(await mayWrite(page, options.report ?? "", "", terminal))) return EXIT.usage;
  const report = await rehearse(context, terminal, loaded);
  if (report === null) return EXIT.gateway;
  if (page !== null && !(await mayWrite(page, options.report ?? "", renderHtml(report), terminal))) {
    return EXIT.notRight;
  }
  if (terminal.json) terminal.printJsonLine(report);
  else terminal.print(drawDrill(report, terminal));
  return exitCodeOf(report);
}

function overridesOf({ seed, rate, duration: durationMs }: RunArguments): DrillOverrides {
  return {
    ...(seed !== undefined && { seed }),
    ...(rate !== undefined && { ratePerSecond: rate }),
    ...(durationMs !== undefined && { durationMs }),
  };
}

/** Null where the gateway did not start or could not be questioned, after saying so. */
async function rehearse(
  { ports }: CommandContext,
  terminal: Terminal,
  { drill, policyFile: policy, environment }: Extract<LoadedDrill, { ok: true }>,
): Promise<DrillReport | null> {
  const { load, faults } = drill;
  const pace =
    load.ratePerSecond === null ? counted(load.concurrency, "caller") : `${load.ratePerSecond} a second`;
  const remark = `${drill.name}: ${span(load.durationMs)}, ${pace}, ${counted(faults.length, "fault")}.`;
  // With --json standard error is for the one line that says why it failed.
  if (!terminal.json) terminal.note(remark);
  const progress = createProgressLine(ports, terminal);
  try {
    const gateway = await ports.startDrillGateway({ policy, environment, scenario: drill.scenario });
    try {
      const { fetch, clock, signal } = ports;
      return await runDrill(drill, { gateway, fetch, clock, signal, progress: progress.show });
    } finally {
      progress.end();
      await gateway.stop();
    }
  } catch (thrown) {
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    terminal.complain(message, "See what it says; `pointsman up` with the same policy says more.");
    return null;
  }
}

function exitCodeOf({ pass, stopped_by: stoppedBy }: DrillReport): number {
  if (stoppedBy === "interrupt") return EXIT_INTERRUPTED;
  if (stoppedBy !== null) return EXIT_STOPPED;
  return pass ? EXIT.success : EXIT.notRight;
}

async function mayWrite(path: string, name: string, text: string, terminal: Terminal): Promise<boolean> {
  try {
    await writeFile(path, text);
    return true;
  } catch (thrown) {
    const folder = fileErrorCode(thrown) === "ENOENT";
    const { message, fix } = folder
      ? { message: `There is no folder ${dirname(name)}.`, fix: "Make it first." }
      : unreadable(thrown, name);
    terminal.complain(`The report cannot be written. ${message}`, fix);
    return false;
  }
}
