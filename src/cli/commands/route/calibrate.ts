/**
 * `pointsman route calibrate`: from a sample of prompts to the threshold of complexity that sends a wanted
 * share to the large model. Owns the report and the rule it offers; scores come from the policy's engine.
 */
import { resolve } from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import {
  type Calibration,
  calibrateThreshold,
  type Distribution,
  distributionOf,
} from "../../../policy/estimates/complexity/calibrate.ts";
import { COMPLEXITY_VERSION, estimateComplexity } from "../../../policy/estimates/complexity.ts";
import { addExamples, type CommandContext, terminalOf } from "../../context.ts";
import { EXIT } from "../../exit-codes.ts";
import { counted } from "../../format.ts";
import { readText } from "../../read-text.ts";
import type { Terminal } from "../../terminal.ts";
import { calibrateByScores, type ScoresArguments } from "./calibrate-scores.ts";
import { parsePrompts } from "./prompts.ts";

interface CalibrateArguments {
  readonly targetShare?: number;
  readonly prompts?: string;
  readonly large: string;
  readonly useCase?: string;
}

type Wanted = CalibrateArguments & { readonly targetShare: number; readonly prompts: string };

/** Fewer prompts than this place a threshold by chance. */
const ENOUGH_PROMPTS = 100;
const BAR_WIDTH = 40;

export function addRouteCalibrate(group: Command, context: CommandContext): void {
  const command = group
    .command("calibrate")
    .description("find the complexity from which on a share of your prompts goes to the large model")
    .option("--target-share <share>", "share of prompts for the large model, from 0 to 1", share)
    .option("--prompts <file>", "a sample: .jsonl (text, prompts or chat bodies), or text line by line")
    .option(
      "--scores <file>",
      "instead: .jsonl of {prompt, weak_score, strong_score}, how well a small and a large model did",
    )
    .option(
      "--recover <share>",
      "with --scores: of the gap between the two, from 0 to 1 (default: 0.8)",
      share,
    )
    .option("--large <model>", "the large model, for the rule that is printed", "your-large-model")
    .option("--use-case <id>", "the use case of the rule (default: all)");
  addExamples(command, [
    ["pointsman route calibrate --target-share 0.3 --prompts day.jsonl", "three in ten to the large model"],
    [
      "pointsman route calibrate --scores judged.jsonl --recover 0.8",
      "the threshold that keeps most of the quality",
    ],
    [
      "pointsman route calibrate --target-share 0.2 --prompts day.txt --large atlas-large --json",
      "the threshold for a script",
    ],
  ]);
  command.action(async (options: CalibrateArguments & ScoresArguments) => {
    const terminal = terminalOf(context, command);
    const { scores, prompts, targetShare } = options;
    if (scores !== undefined && prompts === undefined) {
      context.end(await calibrateByScores(context, terminal, { ...options, scores }));
    } else if (scores === undefined && prompts !== undefined && targetShare !== undefined) {
      context.end(await calibrate(context, terminal, { ...options, prompts, targetShare }));
    } else {
      const fix = "Give --prompts with --target-share, or --scores.";
      terminal.complain("It is not clear what is to be calibrated.", fix);
      context.end(EXIT.usage);
    }
  });
}

function share(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= 0 && value <= 1)) {
    throw new InvalidArgumentError("Give a share from 0 to 1, such as 0.3 for three in ten.");
  }
  return value;
}

async function calibrate({ ports }: CommandContext, terminal: Terminal, options: Wanted): Promise<number> {
  const read = await readText(resolve(ports.cwd, options.prompts), options.prompts);
  const prompts = read.ok ? parsePrompts(read.text, options.prompts) : read;
  if (!prompts.ok) {
    terminal.complain(prompts.message, prompts.fix);
    return EXIT.usage;
  }
  const scores = prompts.requests.map(estimateComplexity);
  const calibration = calibrateThreshold(scores, options.targetShare);
  const report: Report = {
    calibration,
    distribution: distributionOf(scores),
    prompts: scores.length,
    options,
  };
  if (terminal.json) printJson(report, terminal);
  else terminal.print(draw(report, terminal));
  for (const remark of remarksOn(report)) terminal.note(`note: ${remark}`);
  return EXIT.success;
}

interface Report {
  readonly calibration: Calibration;
  readonly distribution: Distribution;
  readonly prompts: number;
  readonly options: Wanted;
}

function printJson({ calibration, distribution, prompts, options }: Report, terminal: Terminal): void {
  terminal.printJson({
    complexityVersion: COMPLEXITY_VERSION,
    prompts,
    targetShare: options.targetShare,
    ...calibration,
    range: rangeOf(calibration, distribution),
    distribution,
    rule: ruleOf({ calibration, distribution, prompts, options }),
  });
}

function draw(report: Report, terminal: Terminal): string {
  const { calibration, distribution, prompts, options } = report;
  const { selected } = calibration;
  const range = terminal.paint("bold", `complexity ${rangeOf(calibration, distribution)}`);
  const { lowest, p10, p25, median, p75, p90, highest } = distribution;
  const quantiles = [
    `lowest ${lowest}`,
    `p10 ${p10}`,
    `p25 ${p25}`,
    `median ${median}`,
    `p75 ${p75}`,
    `p90 ${p90}`,
    `highest ${highest}`,
  ];
  return [
    `${range} holds for ${selected} of ${counted(prompts, "prompt")}: ${percent(calibration.share)} (asked for ${percent(options.targetShare)}).`,
    `\nScores    ${quantiles.join(" · ")}`,
    drawTenths(distribution.tenths, terminal),
    "\nFor the policy:\n",
    ruleOf(report),
  ].join("\n");
}

function drawTenths(tenths: readonly number[], terminal: Terminal): string {
  const most = Math.max(...tenths);
  return tenths
    .map((count, tenth) => {
      const bar = "█".repeat(Math.round((count / most) * BAR_WIDTH));
      const label = `${(tenth / 10).toFixed(1)} – ${((tenth + 1) / 10).toFixed(1)}`;
      return `  ${label}  ${terminal.paint("cyan", bar)}${bar === "" ? "" : " "}${count}`;
    })
    .join("\n");
}

/** As a match table takes it. */
function rangeOf({ threshold }: Calibration, { highest }: Distribution): string {
  return threshold === null ? `> ${highest}` : `>= ${threshold}`;
}

function ruleOf({ calibration, distribution, options }: Report): string {
  const useCase = options.useCase === undefined ? [] : [`    use_case: ${options.useCase}`];
  return [
    "routes:",
    `  - name: hard-goes-large # complexity version ${COMPLEXITY_VERSION}`,
    ...useCase,
    `    match: { complexity: "${rangeOf(calibration, distribution)}" }`,
    `    ladder: { primary: ${options.large} }`,
  ].join("\n");
}

function remarksOn({ calibration, prompts, options }: Report): readonly string[] {
  const remarks: string[] = [];
  if (prompts < ENOUGH_PROMPTS) {
    remarks.push(`${counted(prompts, "prompt")} say little; take some hundreds from real traffic.`);
  }
  if (Math.abs(calibration.selected - options.targetShare * prompts) >= 1) {
    remarks.push("prompts with the same score cannot be parted, so the share asked for cannot be met.");
  }
  return remarks;
}

function percent(value: number): string {
  return `${Math.round(value * 1000) / 10} %`;
}
