/**
 * `pointsman route calibrate --scores`: how much of the gap between a small and a large model the estimate of
 * complexity recovers, and the threshold for it. Owns the file's form and the drawing; the arithmetic is the policy's.
 */
import { resolve } from "node:path";
import {
  firstRecovering,
  type GapPoint,
  type GapReport,
  type Judged,
  measureGap,
} from "../../../policy/estimates/complexity/gap-recovered.ts";
import { COMPLEXITY_VERSION, estimateComplexity } from "../../../policy/estimates/complexity.ts";
import type { CommandContext } from "../../context.ts";
import { EXIT } from "../../exit-codes.ts";
import { counted } from "../../format.ts";
import { readJsonLines } from "../../json-lines.ts";
import { unreadable } from "../../read-text.ts";
import type { Terminal } from "../../terminal.ts";
import { bodyOfValue, requestOf } from "./prompts.ts";

export interface ScoresArguments {
  readonly scores?: string;
  /** Of the gap; from 0 to 1. */
  readonly recover?: number;
  readonly large: string;
  readonly useCase?: string;
}

const RECOVER = 0.8;
/** Fewer requests than this say little: the interval is wider than what routers differ by. */
const ENOUGH = 500;
const FIX = 'Write one JSON object a line: {"prompt": "…", "weak_score": 0, "strong_score": 1}.';
/** Shares of which the curve is shown. */
const TENTHS = Array.from({ length: 10 }, (_, i) => (i + 1) / 10);

type ReadJudged =
  | { readonly ok: true; readonly judged: readonly Judged[] }
  | { readonly ok: false; readonly message: string; readonly fix: string };

export async function calibrateByScores(
  { ports }: CommandContext,
  terminal: Terminal,
  options: ScoresArguments & { readonly scores: string },
): Promise<number> {
  const { scores: file, recover = RECOVER } = options;
  const read = await readJudged(resolve(ports.cwd, file), file);
  if (!read.ok) {
    terminal.complain(read.message, read.fix);
    return EXIT.usage;
  }
  const report = measureGap(read.judged);
  if (report === null) {
    const fix = "Judge requests that the large model answers better, or keep the small one for all.";
    terminal.complain("The large model is no better than the small one on these requests.", fix);
    return EXIT.notRight;
  }
  const wanted = firstRecovering(report.curve, recover);
  if (terminal.json) printJson(report, wanted, recover, terminal);
  else terminal.print(draw(report, wanted, recover, options));
  if (report.requests < ENOUGH) {
    terminal.note(`note: ${counted(report.requests, "request")} say little; see the interval.`);
  }
  if (report.apgrInterval[0] <= 0.5) {
    terminal.note("note: on these requests the estimate is not shown to be better than drawing lots (0.5).");
  }
  return EXIT.success;
}

async function readJudged(path: string, name: string): Promise<ReadJudged> {
  const judged: Judged[] = [];
  let line = 0;
  try {
    for await (const read of readJsonLines(path)) {
      line++;
      const one = read.ok ? judgedOf(read.value) : { message: "is not valid JSON" };
      if ("message" in one)
        return { ok: false, message: `${name}, record ${line}: ${one.message}.`, fix: FIX };
      judged.push(one);
    }
  } catch (thrown) {
    return { ok: false, ...unreadable(thrown, name) };
  }
  if (judged.length === 0) return { ok: false, message: `${name} holds no record.`, fix: FIX };
  return { ok: true, judged };
}

function judgedOf(value: unknown): Judged | { readonly message: string } {
  const fields = typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  const weak = scoreOf(fields.weak_score);
  const strong = scoreOf(fields.strong_score);
  if (weak === null || strong === null) return { message: "weak_score and strong_score must be numbers" };
  const body = bodyOfValue(value);
  if (!body.ok) return { message: "it holds neither a prompt nor messages" };
  const request = requestOf(body.body);
  if (!request.ok) return { message: "its messages are no chat body" };
  return { complexity: estimateComplexity(request.request), weak, strong };
}

/** True and false count as right and wrong. */
function scoreOf(value: unknown): number | null {
  if (typeof value === "boolean") return value ? 1 : 0;
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

function printJson(report: GapReport, wanted: GapPoint | null, recover: number, terminal: Terminal): void {
  const { curve, ...figures } = report;
  terminal.printJson({
    complexityVersion: COMPLEXITY_VERSION,
    ...figures,
    cpt50: firstRecovering(curve, 0.5)?.share ?? null,
    cpt80: firstRecovering(curve, 0.8)?.share ?? null,
    recover,
    threshold: wanted?.threshold ?? null,
    share: wanted?.share ?? null,
    curve: TENTHS.map((share) => pointAt(curve, share)),
  });
}

/** The first point at or after `share`. */
function pointAt(curve: readonly GapPoint[], share: number): GapPoint | undefined {
  return curve.find((point) => point.share >= share - 1e-9);
}

function draw(
  report: GapReport,
  wanted: GapPoint | null,
  recover: number,
  { large, useCase }: ScoresArguments,
): string {
  const { requests, weak, strong, apgr, apgrInterval, bestApgr, curve } = report;
  const cpt = (share: number) => percent(firstRecovering(curve, share)?.share ?? 1);
  const rows = TENTHS.flatMap((share) => pointAt(curve, share) ?? []).map(
    (point) =>
      `  ${percent(point.share).padStart(7)}  ${percent(point.recovered).padStart(8)}  >= ${point.threshold}`,
  );
  const lines = [
    `Requests  ${requests}; performance ${rounded(weak)} by the small model, ${rounded(strong)} by the large one`,
    `APGR      ${rounded(apgr)} (95 %: ${rounded(apgrInterval[0])} to ${rounded(apgrInterval[1])}); ` +
      `lots 0.5, best possible ${rounded(bestApgr)}`,
    `CPT(50)   ${cpt(0.5)} of the requests at the large model recover half of the gap`,
    `CPT(80)   ${cpt(0.8)} recover four fifths of it`,
    "",
    "  share    recovered  complexity",
    ...rows,
  ];
  if (wanted === null) return lines.join("\n");
  const scope = useCase === undefined ? [] : [`    use_case: ${useCase}`];
  return [
    ...lines,
    "",
    `For ${percent(recover)} of the gap, ${percent(wanted.share)} of the requests:`,
    "",
    "routes:",
    `  - name: hard-goes-large # complexity version ${COMPLEXITY_VERSION}`,
    ...scope,
    `    match: { complexity: ">= ${wanted.threshold}" }`,
    `    ladder: { primary: ${large} }`,
  ].join("\n");
}

function percent(value: number): string {
  return `${Math.round(value * 1000) / 10} %`;
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
