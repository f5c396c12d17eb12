/** Renders the figures: the machine, the table with the bars, and the last line. */
import { cpus, loadavg, release, totalmem } from "node:os";
import type { FigureName, Figures } from "./figures.ts";

interface Row {
  readonly figure: string;
  readonly value: number | null;
  readonly unit: string;
  /** The most that passes; absent: for comparison only. */
  readonly bar?: number;
  /** Where the row comes from, if the run can be too noisy or too short for it. */
  readonly of?: FigureName;
}

/** The machine, so that a table copied elsewhere still says what it was measured on. */
export function machineLine(): string {
  const processors = cpus();
  const memory = `${Math.round(totalmem() / 2 ** 30)} GB`;
  const node = Bun.spawnSync(["node", "--version"]).stdout.toString().trim();
  const load = loadavg()[0]?.toFixed(2) ?? "?";
  const model = processors[0]?.model.trim() ?? "unknown processor";
  return `${processors.length} × ${model}, ${memory}, Linux ${release()}, Bun ${Bun.version}, Node ${node}, load average ${load}`;
}

/** Two significant decimals where they mean something. */
function rounded(value: number): number {
  return Number(value.toFixed(Math.abs(value) < 10 ? 3 : 1));
}

function ratio(numerator: number | null, denominator: number | null): number | null {
  return numerator === null || denominator === null ? null : numerator / denominator;
}

function rowsOf(figures: Figures): readonly Row[] {
  const { cpu_us: cpu, added_ms: added } = figures;
  const overBare = ratio(cpu.pointsman, cpu.bare_proxy);
  return [
    { figure: "CPU a request, Pointsman", value: cpu.pointsman, unit: "µs" },
    { figure: "CPU a request, bare proxy", value: cpu.bare_proxy, unit: "µs" },
    { figure: "CPU a request, nginx", value: cpu.nginx, unit: "µs" },
    { figure: "CPU a request, Portkey", value: cpu.portkey, unit: "µs" },
    { figure: "  Pointsman / bare proxy", value: overBare, unit: "×", bar: 1.5 },
    { figure: "  Pointsman / Portkey", value: ratio(cpu.pointsman, cpu.portkey), unit: "×", bar: 0.1 },
    { figure: "Added latency at 1,000/s, p50", value: added.p50, unit: "ms" },
    { figure: "Added latency at 1,000/s, p99", value: added.p99, unit: "ms", bar: 1, of: "latency" },
    { figure: "2,000 slow streams / one", value: figures.streams_2000_ratio, unit: "×", bar: 1.5 },
    { figure: "CPU a streamed chunk", value: figures.cpu_us_per_chunk, unit: "µs" },
    { figure: "RSS late / early", value: figures.rss_ratio, unit: "×", bar: 1.2, of: "memory" },
    { figure: "Start to first answer", value: figures.start_ms, unit: "ms", bar: 300 },
  ];
}

function verdict({ value, bar, of }: Row, doubtful: ReadonlySet<FigureName>): string {
  if (value === null || bar === undefined) return "";
  if (of !== undefined && doubtful.has(of)) return "UNSURE";
  return value <= bar ? "PASS" : "MISS";
}

/** The table. A bar that is missed is said, and fails nothing: the figures depend on the machine. */
export function table(figures: Figures, doubtful: ReadonlySet<FigureName>): string {
  const lines = rowsOf(figures).map((row) => {
    const value = row.value === null ? "-" : String(rounded(row.value));
    const bar = row.bar === undefined ? "" : `≤ ${row.bar}`;
    const cells = [row.figure.padEnd(32), value.padStart(10), " ", row.unit.padEnd(5), bar.padEnd(8)];
    return `${cells.join("")}${verdict(row, doubtful)}`.trimEnd();
  });
  return lines.join("\n");
}

/** The last line: every figure as a rounded number, or null where it was not measured. */
export function lastLine(figures: Figures): string {
  return JSON.stringify(figures, (_, value: unknown) => (typeof value === "number" ? rounded(value) : value));
}
