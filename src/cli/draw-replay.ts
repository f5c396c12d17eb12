/** A replay, drawn. Owns the picture; every figure in it comes from the report. */
import type { CostComparison, ReplayGroup, ReplayReport, RouteSummary } from "../control/replay/report.ts";
import { counted, instant } from "./format.ts";
import { type Cell, printable, type Terminal } from "./terminal.ts";

/** Groups that are drawn; `--json` has all. */
const SHOWN = 30;

const REASONS: Readonly<Record<string, string>> = {
  older_record: "written by a release that did not record what routing saw",
  not_routed: "refused before they were routed",
  shadow_copy: "copies that a shadow was sent, not requests",
  not_a_record: "not decision records",
  not_json: "lines that are no JSON",
  too_long: "lines that are too long",
  no_complexity: "a rule reads complexity, which was not recorded (set records.estimates: always)",
  other_complexity: "a rule reads complexity, which was recorded by another version of the estimate",
  no_language: "a rule reads the language, which was not recorded (set records.estimates: always)",
  no_messages: "this policy shortens them, and what they said is on no record: who would answer is not known",
  no_spend: "a rule reads what was spent, which was not recorded (set records.estimates: always)",
};

export function drawReplay(report: ReplayReport, terminal: Terminal): string {
  const sections = [drawHead(report, terminal)];
  if (report.groups.length > 0) sections.push(drawGroups(report, terminal));
  if (report.replayed > 0) sections.push(drawCost(report, terminal));
  return sections.join("\n\n");
}

function drawHead(report: ReplayReport, terminal: Terminal): string {
  const { policyVersion, records, replayed, changed, redrawn, newlyRefused, noLongerRefused } = report;
  const lines = [
    `Candidate  ${terminal.paint("bold", printable(policyVersion))}`,
    `Records    ${records} read, ${replayed} replayed${spanOf(report)}`,
  ];
  for (const [reason, count] of Object.entries(report.notReplayable)) {
    lines.push(`           ${count} left out: ${printable(REASONS[reason] ?? reason)}`);
  }
  if (report.madeBy.length > 0) {
    const made = report.madeBy.slice(0, 3).map((one) => `${one.policyVersion} (${one.count})`);
    const more = report.madeBy.length > 3 ? `, and ${report.madeBy.length - 3} more` : "";
    lines.push(`Routed by  ${printable(made.join(", "))}${more}`);
  }
  const colour = changed === 0 ? "green" : "yellow";
  const share = replayed === 0 ? "" : ` (${percent(changed / replayed)})`;
  lines.push(`Changed    ${terminal.paint(colour, counted(changed, "request"))}${share}`);
  if (newlyRefused > 0) {
    const refused = `${counted(newlyRefused, "request")} would be refused that ${newlyRefused === 1 ? "was" : "were"} not`;
    lines.push(`           ${terminal.paint("red", refused)}`);
  }
  if (noLongerRefused > 0) lines.push(`           ${noLongerRefused} would no longer be refused`);
  if (redrawn > 0) {
    lines.push(`           ${redrawn} more would get another deployment of the same rung, by weight or load`);
  }
  if (report.unknownKeys > 0) {
    lines.push(`Keys       ${report.unknownKeys} of a key that the candidate has not: taken as it was then`);
  }
  return lines.join("\n");
}

function spanOf({ from, to }: ReplayReport): string {
  return from === null || to === null ? "" : `, ${instant(from)} to ${instant(to)} UTC`;
}

function drawGroups({ groups, ungrouped }: ReplayReport, terminal: Terminal): string {
  const columns = [
    { title: "count", align: "right" as const },
    { title: "use case" },
    { title: "then" },
    { title: "now" },
    { title: "cost", align: "right" as const },
    { title: "for example" },
  ];
  const rows = groups.slice(0, SHOWN).map((group): Cell[] => [
    String(group.count),
    group.useCase,
    routeText(group.before, group.after),
    {
      text: routeText(group.after, group.before),
      style: group.after.result === "refused" ? "red" : "cyan",
    },
    costText(group),
    { text: group.examples[0] ?? "", style: "dim" },
  ]);
  const hidden = groups.slice(SHOWN).reduce((sum, { count }) => sum + count, 0) + ungrouped;
  const rest = hidden === 0 ? "" : `\n${counted(hidden, "request")} more in smaller groups; see --json.`;
  return terminal.table(columns, rows) + rest;
}

/** Who is called first, and what else parts it from `other`. */
function routeText(route: RouteSummary, other: RouteSummary): string {
  const told = [whoText(route)];
  if (route.rule !== other.rule && route.rule !== null) told.push(`rule ${route.rule}`);
  if (route.arm !== other.arm) told.push(route.arm === null ? "no arm" : `arm ${route.arm}`);
  if (route.rung !== other.rung && route.rung !== null && other.rung !== null) told.push(route.rung);
  return told.join(", ");
}

function whoText({ result, deployment, code }: RouteSummary): string {
  if (result === "model") return deployment ?? "";
  if (result === "shortened") return "shortened first";
  return result === "degraded" ? "a degraded mode" : `refused (${code ?? ""})`;
}

function costText({ cost }: ReplayGroup): string {
  if (cost.compared === 0) return cost.unpricedAfter + cost.unpricedBefore > 0 ? "unpriced" : "–";
  return signed(cost.differenceUsd);
}

function drawCost({ cost, notCalled }: ReplayReport, terminal: Terminal): string {
  const lines = [
    `Cost       ${usd(cost.beforeUsd)} then, ${usd(cost.afterUsd)} now: ` +
      `${terminal.paint("bold", signed(cost.differenceUsd))}, for the tokens of ${counted(cost.compared, "request")} that a model answered`,
    ...unpriced(cost),
  ];
  if (notCalled.count > 0) {
    const were = notCalled.count === 1 ? "request" : "requests";
    lines.push(
      `           not in it: ${notCalled.count} ${were} for ${usd(notCalled.beforeUsd)} that no model would be called for now`,
    );
  }
  return lines.join("\n");
}

function unpriced({ unpricedBefore, unpricedAfter }: CostComparison): readonly string[] {
  const lines: string[] = [];
  if (unpricedBefore > 0) lines.push(`           not in it: ${unpricedBefore} that had no price then`);
  if (unpricedAfter > 0) lines.push(`           not in it: ${unpricedAfter} whose model has no price now`);
  return lines;
}

function usd(amount: string): string {
  return amount.startsWith("-") ? `-$${amount.slice(1)}` : `$${amount}`;
}

function signed(amount: string): string {
  return amount.startsWith("-") || amount === "0" ? usd(amount) : `+${usd(amount)}`;
}

function percent(share: number): string {
  return `${Math.round(share * 1000) / 10} %`;
}
