/** A drill's report on a terminal: its verdict, a timeline, its figures. Owns the drawings; measures nothing. */
import type { DrillReport, Timeline } from "../control/gameday/report.ts";
import { SERVED, type Second, type Served } from "../control/gameday/tally.ts";
import type { LaneState } from "../control/gameday/watch-circuits.ts";
import { counted, span } from "./format.ts";
import type { CliPorts } from "./ports.ts";
import { type Cell, type Column, printable, type Style, type Terminal } from "./terminal.ts";

const LETTERS: Readonly<Record<Served, string>> = {
  primary: "P",
  "cross-region": "X",
  fallback: "F",
  degraded: "D",
  refused: "R",
  failed: "!",
};
const STYLES: Readonly<Record<Served, Style>> = {
  primary: "green",
  "cross-region": "cyan",
  fallback: "cyan",
  degraded: "yellow",
  refused: "yellow",
  failed: "red",
};
const LANES: Readonly<Record<LaneState, readonly [string, Style]>> = {
  closed: ["·", "dim"],
  open: ["O", "red"],
  "half-open": ["h", "yellow"],
  cooling: ["c", "yellow"],
};
const LEVELS = " ▁▂▃▄▅▆▇█";
/** Characters of a timeline at most, and of the names before it. */
const WIDTH = 72;
const NAMES = 26;

export function drawDrill(report: DrillReport, terminal: Terminal): string {
  const sections = [drawHead(report, terminal), drawTimeline(report, terminal), drawChecks(report, terminal)];
  sections.push(drawFigures(report, terminal));
  if (report.notes.length > 0) {
    sections.push(
      report.notes.map((note) => `${terminal.paint("yellow", "note")} ${printable(note)}`).join("\n"),
    );
  }
  return sections.join("\n\n");
}

function drawHead(report: DrillReport, terminal: Terminal): string {
  const { pass, stop_reason: stopped } = report;
  const verdict = pass ? "✓ passed" : stopped === null ? "✗ failed" : "✗ stopped";
  const head = `${terminal.paint("bold", printable(report.name))}  ${terminal.paint(pass ? "green" : "red", verdict)}`;
  const size = `${counted(report.requests, "request")} in ${span(report.lasted_s * 1000)}`;
  const how = `policy ${report.policy}, seed ${report.seed}, schedule ${report.compress} times as fast`;
  const lines = [`${head}  ${size}`, terminal.paint("dim", printable(how))];
  if (stopped !== null) lines.push(terminal.paint("red", `Stopped: ${printable(stopped)}.`));
  return lines.join("\n");
}

function drawTimeline({ timeline, lasted_s: lasted }: DrillReport, terminal: Terminal): string {
  const { seconds } = timeline;
  const each = Math.max(1, Math.ceil(seconds.length / WIDTH));
  const columns = Array.from({ length: Math.ceil(seconds.length / each) }, (_, column) =>
    seconds.slice(column * each, (column + 1) * each),
  );
  const row = (name: string, cells: readonly (readonly [string, Style])[]): string =>
    `  ${printable(name).slice(0, NAMES).padEnd(NAMES)}  ${paintRun(cells, terminal)}`;
  const lines = [
    row("second", [[ruler(columns.length, each), "dim"]]),
    row("served by", columns.map(commonest)),
  ];
  for (const served of SERVED) {
    const counts = columns.map((column) => sumOf(column, served));
    if (counts.some((count) => count > 0)) {
      const totals = columns.map((column) => SERVED.reduce((sum, one) => sum + sumOf(column, one), 0));
      lines.push(row(`${LETTERS[served]} ${served}`, bars(counts, Math.max(...totals), STYLES[served])));
    }
  }
  const p99 = columns.map((column) => Math.max(0, ...column.map((second) => second.p99_ms ?? 0)));
  lines.push(row(`p99, up to ${span(Math.max(0, ...p99))}`, bars(p99, Math.max(...p99), "dim")));
  lines.push(...faultRows(timeline, columns.length, each * 1000).map(([name, cells]) => row(name, cells)));
  const endMs = Math.min(lasted * 1000, columns.length * each * 1000);
  for (const { deployment, changes } of timeline.circuits) {
    lines.push(row(deployment, laneOf(changes, columns.length, each * 1000, endMs)));
  }
  const legend = "circuits: O open, h half-open, c cooling down, · closed";
  if (timeline.circuits.length > 0) lines.push(terminal.paint("dim", `  ${legend}`));
  return lines.join("\n");
}

type Seconds = readonly Timeline["seconds"][number][];

function sumOf(column: Seconds, served: Served): number {
  return column.reduce((sum, second) => sum + second[served], 0);
}

function commonest(column: Seconds): readonly [string, Style] {
  let best: Served | null = null;
  let most = 0;
  for (const served of SERVED) {
    const count = sumOf(column, served);
    if (count > most) [best, most] = [served, count];
  }
  return best === null ? ["·", "dim"] : [LETTERS[best], STYLES[best]];
}

/** A mark at every fifth column, with the second it stands for. */
function ruler(length: number, each: number): string {
  let text = "";
  for (let column = 0; column < length; column += 5) text += String(column * each).padEnd(5);
  return text.trimEnd();
}

function bars(values: readonly number[], most: number, style: Style): readonly (readonly [string, Style])[] {
  const top = LEVELS.length - 1;
  return values.map((value) => {
    const level = value === 0 || most === 0 ? 0 : Math.max(1, Math.round((value / most) * top));
    return [LEVELS[level] ?? " ", style];
  });
}

function faultRows(
  { faults }: Timeline,
  length: number,
  columnMs: number,
): readonly (readonly [string, readonly (readonly [string, Style])[]])[] {
  return faults
    .filter(({ bands }) => bands.length > 0)
    .map(({ name, bands }) => [
      `~ ${name}`,
      Array.from({ length }, (_, column) => {
        const [from, to] = [column * columnMs, (column + 1) * columnMs];
        const hit = bands.some(({ startMs, endMs }) => startMs < to && endMs > from);
        return [hit ? "━" : " ", "red"] as const;
      }),
    ]);
}

/** What a circuit was in most need of telling in each column: open before half-open before cooling. */
function laneOf(
  changes: Timeline["circuits"][number]["changes"],
  length: number,
  columnMs: number,
  endMs: number,
): readonly (readonly [string, Style])[] {
  const order: readonly LaneState[] = ["open", "half-open", "cooling", "closed"];
  return Array.from({ length }, (_, column) => {
    const [from, to] = [column * columnMs, Math.min(endMs, (column + 1) * columnMs)];
    const before = changes.findLast(({ atMs }) => atMs <= from)?.state ?? "closed";
    const during = changes.filter(({ atMs }) => atMs > from && atMs < to).map(({ state }) => state);
    const states = [before, ...during];
    return LANES[order.find((state) => states.includes(state)) ?? "closed"];
  });
}

/** Cells of one colour are painted together. */
function paintRun(cells: readonly (readonly [string, Style])[], terminal: Terminal): string {
  let text = "";
  for (let from = 0; from < cells.length; ) {
    const style = cells[from]?.[1] ?? "dim";
    let to = from;
    while (to < cells.length && cells[to]?.[1] === style) to++;
    const run = cells.slice(from, to).map(([cell]) => cell);
    text += terminal.paint(style, run.join(""));
    from = to;
  }
  return text.trimEnd();
}

const CHECK_COLUMNS: readonly Column[] = [
  { title: "  " },
  { title: "MUST HOLD" },
  { title: "WANTED", align: "right" },
  { title: "MEASURED", align: "right" },
];

function drawChecks({ checks }: DrillReport, terminal: Terminal): string {
  const rows = checks.map(({ name, pass, wanted, measured }): Cell[] => [
    pass ? { text: "  ✓", style: "green" } : { text: "  ✗", style: "red" },
    name,
    wanted,
    { text: measured === null ? "never" : String(short(measured)), style: pass ? "green" : "red" },
  ]);
  return terminal.table(CHECK_COLUMNS, rows);
}

function drawFigures(report: DrillReport, terminal: Terminal): string {
  const { cost } = report;
  const extra = cost.extra === null ? "" : `, ${signed(cost.extra)} against the primary alone`;
  const rows: readonly (readonly [string, string])[] = [
    ["Endings", listed(report.by_ending)],
    ["By rung", listed(report.by_rung)],
    ["By use case", Object.entries(report.by_use_case).map(useCaseWords).join("; ") || "none"],
    ["Latency", `p50 ${ms(report.p50_ms)}, p99 ${ms(report.p99_ms)}, longest ${ms(report.longest_ms)}`],
    ["First token", `p50 ${ms(report.first_token_p50_ms)}, p99 ${ms(report.first_token_p99_ms)}`],
    ["Upstream", `${short(report.amplification)} calls a request: ${listed(report.upstream_calls)}`],
    ["Struck by", listed(report.faults_struck)],
    ["Cost", `$${short(cost.usd)}${extra}`],
    ["Circuits", report.circuits.map(circuitWords).join(", ") || "none opened"],
    ["Errors", listed(report.errors)],
  ];
  return rows.map(([name, text]) => `${terminal.paint("dim", name.padEnd(12))}${printable(text)}`).join("\n");
}

function useCaseWords([name, { requests, availability }]: [
  string,
  DrillReport["by_use_case"][string],
]): string {
  return `${name} ${counted(requests, "request")}, availability ${short(availability)}`;
}

function circuitWords(circuit: DrillReport["circuits"][number]): string {
  const { deployment, opened_s: after, recovered_s: recovered } = circuit;
  if (!circuit.opened) return `${deployment} did not open`;
  const when = after === null ? "open before any fault" : `open after ${after} s`;
  return `${deployment} ${when} and ${recovered === null ? "not closed again" : `closed after ${recovered} s`}`;
}

function listed(counts: Readonly<Record<string, number>>): string {
  return (
    Object.entries(counts)
      .map(([name, count]) => `${name} ${count}`)
      .join(", ") || "none"
  );
}

function ms(value: number | null): string {
  return value === null ? "-" : span(value);
}

function signed(share: number): string {
  return `${share > 0 ? "+" : ""}${short(share * 100)} %`;
}

function short(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}

/** The seconds of a drill as they pass, on standard error; on anything but a terminal nothing is shown. */
export function createProgressLine(
  ports: Pick<CliPorts, "stderr" | "isTty">,
  terminal: Terminal,
): { show(index: number, second: Second): void; end(): void } {
  let shown = false;
  return {
    show(_index, { counts }) {
      if (!ports.isTty || terminal.json) return;
      const [letter, style] = commonest([{ ...counts, p99_ms: null }]);
      ports.stderr(terminal.paint(counts.failed > 0 ? "red" : style, letter));
      shown = true;
    },
    end() {
      if (shown) ports.stderr("\n");
      shown = false;
    },
  };
}
