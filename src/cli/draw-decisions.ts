/** Decision records as a table, as single lines and as a timeline. Owns the drawings; knows no gateway. */
import { counted, dollars, instant, span, timeOfDay } from "./format.ts";
import type { AttemptView, DecisionView } from "./gateway-answers.ts";
import { type Cell, type Column, printable, type Style, type Terminal } from "./terminal.ts";

/** Characters of a timeline's bar. */
const BAR_WIDTH = 24;
const NOTHING = "-";

const OUTCOME_STYLES: Readonly<Record<string, Style>> = {
  answered: "green",
  degraded: "yellow",
  failed: "red",
  cancelled: "dim",
};

const STYLES_OF_RESULTS: Readonly<Record<string, Style>> = { ok: "green", skipped: "dim", hedged_out: "dim" };

const LIST_COLUMNS: readonly Column[] = [
  { title: "TIME (UTC)" },
  { title: "DECISION" },
  { title: "USE CASE" },
  { title: "OUTCOME" },
  { title: "RUNG" },
  { title: "MODEL" },
  { title: "REGION" },
  { title: "MS", align: "right" },
  { title: "COST USD", align: "right" },
  { title: "ATTEMPTS" },
];

export function drawDecisionTable(decisions: readonly DecisionView[], terminal: Terminal): string {
  const rows = decisions.map((decision): Cell[] => [
    instant(decision.at),
    decision.id,
    decision.useCase ?? NOTHING,
    outcomeCell(decision),
    rungOf(decision),
    decision.model ?? NOTHING,
    decision.region ?? NOTHING,
    String(Math.round(decision.durationMs)),
    dollars(decision.cost),
    attemptsOf(decision),
  ]);
  return terminal.table(LIST_COLUMNS, rows);
}

/** One line a record, for following along: the same facts in the same order, in fixed places where they fit. */
export function drawDecisionLine(decision: DecisionView, terminal: Terminal): string {
  const style = OUTCOME_STYLES[decision.outcome] ?? "bold";
  const facts = [
    timeOfDay(decision.at),
    decision.id,
    (decision.useCase ?? NOTHING).padEnd(18),
    terminal.paint(style, printable(decision.outcome).padEnd(9)),
    rungOf(decision).padEnd(12),
    (decision.model ?? NOTHING).padEnd(14),
    `${Math.round(decision.durationMs)} ms`.padStart(8),
    `$${dollars(decision.cost)}`.padEnd(11),
    attemptsOf(decision),
  ];
  // Painted text is safe already and must keep its colour.
  return facts.map((fact, i) => (i === 3 ? fact : printable(fact))).join("  ");
}

function outcomeCell({ outcome }: DecisionView): Cell {
  return { text: outcome, style: OUTCOME_STYLES[outcome] ?? "bold" };
}

/** `degraded:template` where words answered instead of a model. */
function rungOf({ rung, degraded }: DecisionView): string {
  return degraded === null ? (rung ?? NOTHING) : `degraded:${degraded}`;
}

/** `us-east-1:outage → eu-west-1:ok`; what was refused before any call shows its own fault. */
function attemptsOf({ attempts, fault }: DecisionView): string {
  if (attempts.length === 0) return fault === null ? NOTHING : fault.code;
  return attempts.map((attempt) => `${attempt.region}:${resultOf(attempt)}`).join(" → ");
}

function resultOf({ result, fault, skipped }: AttemptView): string {
  return fault?.kind ?? skipped ?? result;
}

export function drawDecision(decision: DecisionView, terminal: Terminal): string {
  const sections = [drawFacts(decision, terminal), drawTimeline(decision, terminal)];
  if (decision.refusals.length > 0) {
    const rows = decision.refusals.map(({ deployment, rung, constraint, reason }): Cell[] => [
      `  ${deployment}`,
      rung,
      { text: constraint, style: "yellow" },
      reason,
    ]);
    const columns = ["  REFUSED", "RUNG", "CONSTRAINT", "REASON"].map((title) => ({ title }));
    sections.push(terminal.table(columns, rows));
  }
  if (decision.warnings.length > 0) {
    sections.push(`Warnings  ${printable(decision.warnings.join(", "))}`);
  }
  return sections.join("\n\n");
}

function drawFacts(decision: DecisionView, terminal: Terminal): string {
  const { usage, fault, finish } = decision;
  const alias = decision.attempts.findLast(
    ({ result, model }) => result === "ok" && model === decision.model,
  )?.alias;
  const model = alias === undefined ? decision.model : `${alias} → ${decision.model}`;
  const answer = [model, decision.modelVersion, decision.provider, decision.region];
  const by = answer.filter((part) => part !== null).join(" · ");
  const ending = fault ? `${fault.kind} (${fault.code})` : `finish ${finish?.unified ?? NOTHING}`;
  const first = decision.firstTokenMs === null ? "" : `, first token after ${span(decision.firstTokenMs)}`;
  const rows: readonly (readonly [string, string])[] = [
    ["Request", `${decision.requestId} · trace ${decision.traceId}`],
    ["Arrived", `${instant(decision.at)} UTC · took ${span(decision.durationMs)}${first}`],
    ["Caller", `key ${decision.keyId} · tenant ${decision.tenant} · tier ${decision.tier}`],
    ["Policy", `${decision.policyVersion} · rule ${decision.rule ?? NOTHING}`],
    ["Asked", `${decision.useCase ?? NOTHING} · ${decision.wire}${decision.stream ? " · streamed" : ""}`],
    [
      "Served by",
      `${rungOf(decision)} · ${by || "no model"}${decision.simulated ? " · simulated" : ""}${decision.exercise ? " · exercise of a later rung" : ""}`,
    ],
    ["Ended", `status ${decision.status} · ${ending}`],
    ["Tokens", tokensOf(usage)],
    ["Cost", decision.cost === null ? "unpriced" : `$${dollars(decision.cost)}`],
  ];
  const head = `Decision   ${terminal.paint("bold", printable(decision.id))} `;
  const outcome = terminal.paint(OUTCOME_STYLES[decision.outcome] ?? "bold", printable(decision.outcome));
  return [head + outcome, ...rows.map(([name, text]) => `${name.padEnd(10)} ${printable(text)}`)].join("\n");
}

function tokensOf(usage: DecisionView["usage"]): string {
  const { inputTokens, cacheReadTokens, cacheWriteTokens, outputTokens, reasoningTokens } = usage;
  const { cacheWrite1hTokens = 0 } = usage;
  const parts = [`${inputTokens} in`];
  if (cacheReadTokens > 0) parts.push(`${cacheReadTokens} read from cache`);
  if (cacheWriteTokens > 0) parts.push(`${cacheWriteTokens} written to cache`);
  if (cacheWrite1hTokens > 0) parts.push(`${cacheWrite1hTokens} of them for an hour`);
  parts.push(`${outputTokens} out`);
  if (reasoningTokens > 0) parts.push(`${reasoningTokens} reasoning`);
  return parts.join(", ");
}

const TIMELINE_COLUMNS: readonly Column[] = [
  { title: "  AT", align: "right" },
  { title: "WAITED", align: "right" },
  { title: "RUNG" },
  { title: "DEPLOYMENT" },
  { title: "REGION" },
  { title: "".padEnd(BAR_WIDTH) },
  { title: "TOOK", align: "right" },
  { title: "TOKENS", align: "right" },
  { title: "COST USD", align: "right" },
  { title: "RESULT" },
];

function drawTimeline({ attempts, durationMs }: DecisionView, terminal: Terminal): string {
  if (attempts.length === 0) return "Attempts   none: nothing was called";
  const end = Math.max(1, durationMs, ...attempts.map((each) => each.startedAtMs + each.durationMs));
  const rows = attempts.map((attempt): Cell[] => {
    const style = STYLES_OF_RESULTS[attempt.result] ?? "red";
    const tokens = attempt.usage ? `${attempt.usage.inputTokens}+${attempt.usage.outputTokens}` : NOTHING;
    return [
      `  +${Math.round(attempt.startedAtMs)} ms`,
      attempt.waitedMs > 0 ? `${Math.round(attempt.waitedMs)} ms` : NOTHING,
      attempt.rung,
      attempt.deployment,
      attempt.region,
      { text: barOf(attempt, end), style },
      `${Math.round(attempt.durationMs)} ms`,
      tokens,
      costOfAttempt(attempt),
      { text: explainResult(attempt), style },
    ];
  });
  return `Attempts   ${counted(attempts.length, "step")}\n${terminal.table(TIMELINE_COLUMNS, rows)}`;
}

/** What used nothing has no price to lack: a call that failed before it told of tokens, one that was skipped. */
function costOfAttempt({ result, usage, cost }: AttemptView): string {
  return cost === null && !usage && result !== "ok" ? NOTHING : dollars(cost);
}

/** Where in the request's time the attempt waited (·) and ran (━). */
function barOf({ startedAtMs, waitedMs, durationMs }: AttemptView, end: number): string {
  const at = (ms: number) => Math.min(BAR_WIDTH, Math.max(0, Math.round((ms / end) * BAR_WIDTH)));
  const start = Math.min(at(startedAtMs), BAR_WIDTH - 1);
  const waitStart = Math.min(at(startedAtMs - waitedMs), start);
  const stop = Math.max(start + 1, at(startedAtMs + durationMs));
  const bar = " ".repeat(waitStart) + "·".repeat(start - waitStart) + "━".repeat(stop - start);
  return bar.padEnd(BAR_WIDTH);
}

function explainResult({ result, fault, skipped, firstTokenMs, hedge }: AttemptView): string {
  if (skipped !== undefined) return `skipped: ${skipped}${fault ? ` (${fault.code})` : ""}`;
  if (result === "hedged_out")
    return hedge ? "hedge, ended: the first call answered" : "ended: the hedge answered";
  const how = hedge ? `${result} (hedge)` : result;
  if (!fault) return firstTokenMs === undefined ? how : `${how}, first token ${span(firstTokenMs)}`;
  const { cause } = fault;
  const said = [cause?.status, cause?.code, cause?.detail].filter((part) => part !== undefined).join(" ");
  return `${fault.kind} (${fault.code})${said === "" ? "" : `: ${said}`}`;
}
