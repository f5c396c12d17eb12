/**
 * A drill's report as one page that needs nothing else: no script, no font, no picture from anywhere. Owns the
 * page; the drawing on it is timeline-svg.ts's. Whatever came from a file or a gateway is escaped.
 */
import { escapeHtml } from "./escape-html.ts";
import { MARK_COLOURS, renderLegend } from "./marks.ts";
import type { DrillReport } from "./report.ts";
import { renderTimeline } from "./timeline-svg.ts";

const STYLE = `
:root { color-scheme: light dark; --paper: #fff; --ink: #1b1f24; --soft: #667079; --line: #d8dde2; --pass: #1a7f4b;
  --fail: #c2272d; ${MARK_COLOURS.light} }
@media (prefers-color-scheme: dark) { :root { --paper: #14171a; --ink: #e6e9ec; --soft: #98a2ab; --line: #333a41;
  --pass: #4cc38a; --fail: #ff6b6b; ${MARK_COLOURS.dark} } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1020px; padding: 2rem 1.25rem 4rem; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, sans-serif; }
h1 { margin: 0; font-size: 1.6rem; } h2 { margin: 2.2rem 0 .6rem; font-size: 1.1rem; }
p { margin: .4rem 0; } .soft { color: var(--soft); } .pass { color: var(--pass); } .fail { color: var(--fail); }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .8rem .3rem 0; text-align: left; border-bottom: 1px solid var(--line); vertical-align: top; }
th { color: var(--soft); font-weight: 500; } .number { text-align: right; } td.number { white-space: nowrap; }
.scroll { overflow-x: auto; }
.timeline { display: block; width: 100%; min-width: 900px; height: auto; }
.timeline text { fill: var(--ink); font: 11px system-ui, sans-serif; } .timeline .soft { fill: var(--soft); }
.legend span { margin-right: 1.1rem; white-space: nowrap; }
.mark { width: 14px; height: 14px; margin-right: .35rem; vertical-align: -2px; }
`;

export function renderHtml(report: DrillReport): string {
  const title = `${report.name}: ${verdictOf(report)}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
${renderHead(report)}
<h2>Timeline</h2>
${scrolled(renderTimeline(report.timeline, report.lasted_s))}
${renderLegend()}
<h2>What had to hold</h2>
${renderChecks(report)}
<h2>Figures</h2>
${renderFigures(report)}
${renderCircuits(report)}
${renderNotes(report)}
</body>
</html>
`;
}

/** What is wider than a screen moves on its own; the page stays. */
function scrolled(inside: string): string {
  return `<div class="scroll">${inside}</div>`;
}

function verdictOf({ pass, stop_reason: stopped }: DrillReport): string {
  return pass ? "passed" : stopped === null ? "failed" : "stopped";
}

function renderHead(report: DrillReport): string {
  const mark = report.pass
    ? '<span class="pass">✓ passed</span>'
    : `<span class="fail">✗ ${verdictOf(report)}</span>`;
  const how = [
    `${report.requests} requests in ${report.lasted_s} s`,
    `policy ${report.policy}`,
    `seed ${report.seed}`,
    `schedule ${report.compress} times as fast`,
    report.started_at,
  ];
  const stopped =
    report.stop_reason === null ? "" : `<p class="fail">Stopped: ${escapeHtml(report.stop_reason)}.</p>`;
  return `<h1>${escapeHtml(report.name)} ${mark}</h1>
<p>${escapeHtml(report.description)}</p>
<p class="soft">${escapeHtml(how.join(" · "))}</p>${stopped}`;
}

function renderChecks({ checks }: DrillReport): string {
  const rows = checks.map(({ name, pass, wanted, measured }) => {
    const mark = pass ? '<td class="pass">✓</td>' : '<td class="fail">✗</td>';
    const value = measured === null ? "never" : short(measured);
    return `<tr>${mark}<td>${inParts(name)}</td><td class="number">${escapeHtml(wanted)}</td><td class="number">${value}</td></tr>`;
  });
  const head =
    '<tr><th></th><th>objective</th><th class="number">wanted</th><th class="number">measured</th></tr>';
  return scrolled(`<table>${head}${rows.join("")}</table>`);
}

/** A name that may go on in the next line behind each part of it, so that figures beside it stay on a narrow screen. */
function inParts(name: string): string {
  return escapeHtml(name).replaceAll("_", "_<wbr>");
}

function renderFigures(report: DrillReport): string {
  const { cost } = report;
  const extra = cost.extra === null ? "" : `, ${short(cost.extra * 100)} % beyond the primary alone`;
  const rows: readonly (readonly [string, string])[] = [
    ["Endings", listed(report.by_ending)],
    ["By rung, as headers say", listed(report.by_rung)],
    ["By use case", listed(mapped(report.by_use_case, ({ requests }) => requests))],
    ["Availability by use case", listed(mapped(report.by_use_case, ({ availability }) => availability))],
    ["Latency", `p50 ${ms(report.p50_ms)}, p99 ${ms(report.p99_ms)}, longest ${ms(report.longest_ms)}`],
    ["First token", `p50 ${ms(report.first_token_p50_ms)}, p99 ${ms(report.first_token_p99_ms)}`],
    ["Calls to models", `${short(report.amplification)} a request: ${listed(report.upstream_calls)}`],
    ["Calls that faults struck", listed(report.faults_struck)],
    ["Cost", `$${cost.usd.toFixed(4)}${extra}`],
    ["Errors", listed(report.errors)],
  ];
  const lines = rows.map(([name, text]) => `<tr><th>${name}</th><td>${escapeHtml(text)}</td></tr>`);
  return scrolled(`<table>${lines.join("")}</table>`);
}

function renderCircuits({ circuits }: DrillReport): string {
  if (circuits.length === 0) return "";
  const rows = circuits.map(({ deployment, reason, opened_s: opened, recovered_s: recovered }) => {
    const [openedText, recoveredText] = [opened, recovered].map((time) =>
      time === null ? "never" : `${time} s`,
    );
    return `<tr><td>${escapeHtml(deployment)}</td><td>${escapeHtml(reason ?? "")}</td><td class="number">${openedText}</td><td class="number">${recoveredText}</td></tr>`;
  });
  const head =
    '<tr><th>circuit</th><th>opened by</th><th class="number">open, after its fault began</th>' +
    '<th class="number">closed, after its last fault ended</th></tr>';
  return `<h2>Circuits</h2>${scrolled(`<table>${head}${rows.join("")}</table>`)}`;
}

function renderNotes({ notes }: DrillReport): string {
  if (notes.length === 0) return "";
  return `<h2>Notes</h2>${notes.map((note) => `<p>${escapeHtml(note)}</p>`).join("")}`;
}

function mapped<Value>(
  record: Readonly<Record<string, Value>>,
  read: (value: Value) => number,
): Record<string, number> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, read(value)]));
}

function listed(counts: Readonly<Record<string, number>>): string {
  const parts = Object.entries(counts).map(([name, count]) => `${name} ${short(count)}`);
  return parts.join(", ") || "none";
}

function ms(value: number | null): string {
  return value === null ? "-" : `${Math.round(value)} ms`;
}

function short(value: number): string {
  return String(Math.round(value * 10_000) / 10_000);
}
