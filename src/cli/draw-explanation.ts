/** The ladder of a request, drawn. Owns the picture; every fact in it comes from the explanation. */
import { drawOverflow } from "./draw-overflow.ts";
import { drawRollouts } from "./draw-rollout.ts";
import { counted, span } from "./format.ts";
import type { ExplanationView } from "./gateway-answers.ts";
import { headless } from "./headless-table.ts";
import { type Cell, printable, type Terminal } from "./terminal.ts";

type Rung = ExplanationView["ladder"][number];
type Candidate = Rung["candidates"][number];
type Degraded = ExplanationView["degraded"][number];

export function drawExplanation(view: ExplanationView, terminal: Terminal): string {
  const sections = [drawHead(view, terminal), drawRules(view, terminal), ...drawRollouts(view, terminal)];
  if (view.overflow) sections.push(drawOverflow(view.overflow, terminal));
  if (view.refusals.length > 0) sections.push(drawRefusals(view, terminal));
  sections.push(drawLadder(view, terminal));
  return sections.join("\n\n");
}

function drawHead(view: ExplanationView, terminal: Terminal): string {
  const { contract } = view;
  const wants = [contract.taskType, contract.latencyTier, `safety ${contract.safetyLevel}`];
  if (contract.capabilities.length > 0) wants.push(`needs ${contract.capabilities.join(", ")}`);
  for (const regions of [contract.residency, contract.callerResidency]) {
    if (regions !== null) wants.push(`only in ${regions.join(", ")}`);
  }
  if (view.strict) wants.push("strict");
  wants.push(`about ${counted(view.estimatedInputTokens, "token")} in, ${outputOf(view)}`);
  const spent = Object.entries(view.signals?.spentUsd ?? {}).map(([sum, usd]) => `${sum} $${usd}`);
  return [
    `Use case  ${terminal.paint("bold", printable(view.useCase))}`,
    `Policy    ${printable(view.policyVersion)}`,
    terminal.phrase("Request   ", wants, " · "),
    ...(spent.length === 0 ? [] : [terminal.phrase("Spent     ", spent, " · ")]),
  ].join("\n");
}

/** Where nobody states a limit, what is sent to each candidate, if anything, stands beside its cost. */
function outputOf({ estimatedOutputTokens, openEnded, costCeilingUsd }: ExplanationView): string {
  if (!openEnded) return `${estimatedOutputTokens} out at most`;
  if (costCeilingUsd === null) return `${estimatedOutputTokens} out assumed, no limit is stated`;
  return "no limit is stated, the ceiling sets one";
}

const VERDICTS: Readonly<Record<string, Cell>> = {
  matched: { text: "✓", style: "green" },
  not_matched: { text: "✗", style: "red" },
  skipped: { text: "–", style: "dim" },
};

function drawRules({ rules }: ExplanationView, terminal: Terminal): string {
  const rows = rules.map(({ name, condition, verdict }): Cell[] => {
    const why = condition ?? (name === "default" ? "the use case's own ladder" : "always");
    return ["", VERDICTS[verdict] ?? "?", name, { text: why, style: "dim" }];
  });
  return `Rules     first match wins\n${headless(terminal, 4, rows)}`;
}

function drawRefusals({ refusals }: ExplanationView, terminal: Terminal): string {
  const rows = refusals.map(({ deployment, rung, constraint, reason }): Cell[] => [
    "",
    { text: "✗", style: "red" },
    deployment,
    rung,
    { text: constraint, style: "yellow" },
    reason,
  ]);
  return `Refused   no rule overrides these\n${headless(terminal, 6, rows)}`;
}

function drawLadder(view: ExplanationView, terminal: Terminal): string {
  const ceiling = view.costCeilingUsd === null ? "no cost ceiling" : `ceiling $${view.costCeilingUsd}`;
  const bounds = `${span(view.deadlineMs)} for all · ${counted(view.maxAttempts, "call")} at most · ${ceiling}`;
  const rungs = [
    ...view.ladder.map((rung, i) => drawRung(rung, i + 1, view, terminal)),
    ...view.degraded.map((mode, i) => drawDegraded(mode, view.ladder.length + i + 1, terminal)),
  ];
  const lines = [`Ladder    ${bounds}`, rungs.join(`\n    ${terminal.paint("dim", "↓")}\n`)];
  if (view.fault) {
    const what = rungs.length === 0 ? "Nothing can answer" : "Refused at once";
    lines.push(terminal.paint("red", `  ${what}: ${printable(view.fault.message)}`));
  }
  return lines.filter((line) => line !== "").join("\n");
}

function drawRung(
  { rung, model, alias, selection, candidates }: Rung,
  place: number,
  view: ExplanationView,
  terminal: Terminal,
): string {
  const named = alias === null ? "" : `${printable(alias)} → `;
  const version = alias === null ? undefined : candidates[0]?.modelVersion;
  const which = version === undefined ? "" : terminal.paint("dim", ` (version ${printable(version)})`);
  const title = `  ${place} ${terminal.paint("cyan", printable(rung).padEnd(13))} ${named}${terminal.paint("bold", printable(model))}${which}`;
  const choice = candidates.length > 1 ? terminal.paint("dim", ` (${printable(selection)})`) : "";
  const rows = candidates.map((candidate): Cell[] => {
    const { deployment, provider, region, healthy } = candidate;
    return [
      "   ",
      deployment,
      region,
      { text: provider, style: "dim" },
      costOf(candidate, view),
      healthy ? "" : { text: "not healthy now", style: "red" },
      lossesOf(candidate, view.openEnded),
    ];
  });
  return `${title}${choice}\n${headless(terminal, 7, rows)}`;
}

/** With a limit the cost is a bound, without one a guess. Vectors have no output. */
function costOf(
  { estimatedCostUsd: usd, maxOutputTokens: limit }: Candidate,
  { openEnded, estimatedOutputTokens }: ExplanationView,
): Cell {
  if (usd === null) return { text: "unpriced", style: "yellow" };
  if (limit === null && estimatedOutputTokens > 0) return `about $${usd}`;
  return limit !== null && openEnded
    ? `at most $${usd}, with ${counted(limit, "token")} out`
    : `at most $${usd}`;
}

/** What it would not honour: a warning to the caller, or why it is not called. */
function lossesOf({ warnings, refusal }: Candidate, openEnded: boolean): Cell {
  // A limit that nobody asked for stands beside the cost.
  const lost = openEnded ? warnings.filter(({ control }) => control !== "max_tokens") : warnings;
  const names = lost.map(({ control }) => control).join(", ");
  if (refusal) return { text: `refuses: ${refusal.message}`, style: "red" };
  return names === "" ? "" : { text: `without ${names}`, style: "yellow" };
}

function drawDegraded(
  { mode, message, status, retryAfterSeconds }: Degraded,
  place: number,
  terminal: Terminal,
): string {
  const wait = retryAfterSeconds === undefined ? "" : `, Retry-After ${retryAfterSeconds} s`;
  const title = `  ${place} ${terminal.paint("yellow", "degraded".padEnd(13))} ${terminal.paint("bold", printable(mode))}`;
  return `${title} (status ${status}${wait})\n      ${printable(JSON.stringify(message))}`;
}
