/**
 * `pointsman explain --replay`: what another policy would have done with past requests. Owns where the records and
 * the candidate come from, and what a pipeline is told; the engine that serves traffic routes them.
 */
import { resolve } from "node:path";
import { z } from "zod";
import { compileSources } from "../../control/policy/in-force/compile-sources.ts";
import { Replay } from "../../control/replay/replay.ts";
import type { ReplayReport } from "../../control/replay/report.ts";
import { parseInstant } from "../../core/instant.ts";
import type { PolicyText } from "../../policy/reading/load.ts";
import { assumedPorts } from "../../policy/replay/assumed-ports.ts";
import { reportFailure } from "../ask.ts";
import { complainOfFindings } from "../complain-of-findings.ts";
import type { CommandContext } from "../context.ts";
import { drawReplay } from "../draw-replay.ts";
import { EXIT } from "../exit-codes.ts";
import { askTime } from "../gateway-time.ts";
import { readJsonLines } from "../json-lines.ts";
import { readLocalPolicy } from "../local-policy.ts";
import type { GatewayOptions } from "../options.ts";
import { unreadable } from "../read-text.ts";
import type { Terminal } from "../terminal.ts";
import { askPolicy, reportRefusal } from "./policy/ask-policy.ts";
import { replayView } from "./replay-view.ts";

export interface ReplayArguments extends GatewayOptions {
  readonly policy: string;
  readonly env?: string;
  /** A file of records, `-` for standard input, true where the gateway's own are meant. */
  readonly replay: string | true;
  readonly since?: string;
  readonly until?: string;
  readonly useCase?: string;
  readonly tenant?: string;
  readonly limit?: number;
  readonly failOnChange?: boolean;
  readonly failOnRefusal?: boolean;
}

/** A page as the gateway gives it counts as its records. */
const pageShape = z.object({ decisions: z.array(z.unknown()) });

export async function explainReplay(
  context: CommandContext,
  terminal: Terminal,
  options: ReplayArguments,
): Promise<number> {
  const { replay, policy, env } = options;
  const ofGateway = replay === true;
  if (ofGateway !== (options.since !== undefined)) {
    const fix =
      "Give --replay a file of `pointsman decisions export`, or --since for the gateway's own records.";
    terminal.complain("It is not clear which records are to be replayed.", fix);
    return EXIT.usage;
  }
  const read = await readLocalPolicy(context.ports, policy, env ?? null);
  if (!read.ok) {
    terminal.complain(read.message, read.fix);
    return EXIT.usage;
  }
  return ofGateway
    ? replayRemotely(context, terminal, options, read.sources)
    : replayFile(context, terminal, options, replay, read.sources);
}

async function replayFile(
  { ports }: CommandContext,
  terminal: Terminal,
  options: ReplayArguments,
  file: string,
  sources: readonly PolicyText[],
): Promise<number> {
  const { built, findings } = compileSources(sources, assumedPorts({ environment: options.env ?? null }));
  if (!built) {
    complainOfFindings(terminal, `${options.policy} is not valid`, findings, sources, " Mend it first.");
    return EXIT.notRight;
  }
  const replay = new Replay(built.snapshot);
  try {
    const source = file === "-" ? standardInput(ports) : resolve(ports.cwd, file);
    for await (const line of readJsonLines(source)) {
      if (line.ok) addAll(replay, line.value);
      else replay.addBroken(line.why);
    }
  } catch (thrown) {
    const { message, fix } = unreadable(thrown, file);
    terminal.complain(message, fix);
    return EXIT.usage;
  }
  const report = replay.report();
  return conclude(terminal, options, report, report);
}

function addAll(replay: Replay, value: unknown): void {
  const page = pageShape.safeParse(value);
  for (const record of page.success ? page.data.decisions : [value]) replay.add(record);
}

async function* standardInput(ports: CommandContext["ports"]): AsyncGenerator<string> {
  if (ports.stdin) {
    yield await ports.stdin();
    return;
  }
  process.stdin.setEncoding("utf8");
  for await (const piece of process.stdin) yield String(piece);
}

async function replayRemotely(
  context: CommandContext,
  terminal: Terminal,
  options: ReplayArguments,
  sources: readonly PolicyText[],
): Promise<number> {
  const [base, overlay, ...more] = sources;
  if (more.length > 0 || (overlay !== undefined && options.env === undefined)) {
    terminal.complain("The gateway takes one policy and its overlay.", "Replay a file of records instead.");
    return EXIT.usage;
  }
  const time = await askTime(context, options);
  if (!time.ok) return reportFailure(terminal, time);
  const now = time.view;
  const { since = "", until, useCase, tenant, limit } = options;
  const body = {
    policy: base?.text ?? "",
    ...(overlay && { overlay: overlay.text }),
    since: isoOf(since, now),
    ...(until !== undefined && { until: isoOf(until, now) }),
    ...(useCase !== undefined && { use_case: useCase }),
    ...(tenant !== undefined && { tenant }),
    ...(limit !== undefined && { limit }),
  };
  const asked = await askPolicy(context, options, { path: "/admin/explain/replay", body }, replayView);
  if (!asked.ok) {
    const [policy, beside] = sources.map(({ text }) => text);
    const named = [
      { file: "policy", text: policy ?? "" },
      { file: "overlay", text: beside ?? "" },
    ];
    return reportRefusal(terminal, asked, named);
  }
  if (asked.view.cursor !== null) {
    terminal.note(`note: there are more records than these; raise --limit or narrow --since and --until.`);
  }
  return conclude(terminal, options, asked.raw, asked.view);
}

function isoOf(text: string, now: number): string {
  return new Date(parseInstant(text, now) ?? now).toISOString();
}

function conclude(
  terminal: Terminal,
  { failOnChange, failOnRefusal }: ReplayArguments,
  raw: unknown,
  report: ReplayReport,
): number {
  if (terminal.json) terminal.printJson(raw);
  else terminal.print(drawReplay(report, terminal));
  if (report.replayed === 0) {
    const fix =
      report.records === 0
        ? "Widen the time, or see whether the file is the right one."
        : "See `notReplayable` for the reasons; export records of the present release.";
    terminal.complain("Not one record could be replayed, so nothing was compared.", fix);
    return EXIT.notRight;
  }
  const failed = (failOnChange && report.changed > 0) || (failOnRefusal && report.newlyRefused > 0);
  return failed ? EXIT.notRight : EXIT.success;
}
