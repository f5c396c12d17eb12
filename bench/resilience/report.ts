/** Renders the comparison: one table in all, one by phase, and the last line. Owns the words; judges nothing. */
import type { Phase } from "./schedule.ts";
import { doubt, type Figures, type Outcome } from "./tally.ts";

export type Result = Outcome | { readonly skipped: string };
export type Results = Readonly<Record<string, Result>>;

const COLUMNS: readonly (readonly [title: string, of: (figures: Figures) => string])[] = [
  ["requests", ({ requests }) => String(requests)],
  ["answered", ({ answered }) => String(answered)],
  ["degraded", ({ degraded }) => String(degraded)],
  ["refused", ({ refused }) => String(refused)],
  ["truncated", ({ truncated }) => String(truncated)],
  ["wrong", ({ wrong }) => String(wrong)],
  ["broken", ({ broken }) => String(broken)],
  ["hung", ({ hung }) => String(hung)],
  ["calls/req", ({ amplification }) => amplification.toFixed(2)],
  ["p50 ms", ({ p50_ms }) => String(p50_ms)],
  ["p99 ms", ({ p99_ms }) => String(p99_ms)],
  ["raw errors", ({ raw_provider_errors }) => String(raw_provider_errors)],
];

const NAME_WIDTH = 22;

function row(name: string, cells: readonly string[]): string {
  const padded = cells.map((cell, index) => cell.padStart((COLUMNS[index]?.[0].length ?? 0) + 2));
  return `${name.padEnd(NAME_WIDTH)}${padded.join("")}`;
}

function heading(name: string): string {
  return row(
    name,
    COLUMNS.map(([title]) => title),
  );
}

function rowOf(name: string, figures: Figures, note = ""): string {
  const cells = COLUMNS.map(([, of]) => of(figures));
  return `${row(name, cells)}${note}`;
}

export function table(results: Results): string {
  const lines = Object.entries(results).map(([name, result]) => {
    if ("skipped" in result) return `${name.padEnd(NAME_WIDTH)}  skipped: ${result.skipped}`;
    const doubtful = doubt(result);
    return rowOf(
      `${name} ${result.version}`,
      result.all,
      doubtful === null ? "" : `  UNSURE, the machine was busy: ${doubtful}`,
    );
  });
  return [heading("gateway"), ...lines].join("\n");
}

export function phaseTables(phases: readonly Phase[], results: Results): string {
  const blocks = phases.map(({ name, says, faults }) => {
    const lines = Object.entries(results).flatMap(([gateway, result]) => {
      const figures = "skipped" in result ? undefined : result.phases[name];
      if (!figures) return [];
      return rowOf(
        `  ${gateway}`,
        figures,
        faults.length > 0 && figures.struck === 0 ? "  struck nobody" : "",
      );
    });
    return lines.length === 0 ? "" : [heading(name), `  (${says})`, ...lines, ""].join("\n");
  });
  return blocks.filter((block) => block !== "").join("\n");
}

/** What was not answered, with its reasons, the most frequent first. */
export function detailLines(results: Results): string {
  return Object.entries(results)
    .flatMap(([gateway, result]) => {
      if ("skipped" in result) return [];
      const sorted = Object.entries(result.details).sort(([, one], [, other]) => other - one);
      return sorted.map(([detail, count]) => `  ${gateway}: ${count} × ${detail}`);
    })
    .join("\n");
}

/** One line of JSON: all figures, also by phase; without the details, which are for people. */
export function lastLine(results: Results): string {
  const gateways = Object.entries(results).map(([name, result]) => {
    if ("skipped" in result) return [name, result] as const;
    const { version, all, phases } = result;
    return [name, { version, doubt: doubt(result), ...all, phases }] as const;
  });
  return JSON.stringify({ resilience: Object.fromEntries(gateways) });
}
