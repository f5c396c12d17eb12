/** Whether a stop condition holds. Owns what each of its metrics is over a window. */
import type { Watched } from "./drill.ts";
import type { PreparedStop } from "./prepared-drill.ts";
import type { Tally, WindowView } from "./tally.ts";

/** Fewer requests than this in a window prove nothing. */
const ENOUGH = 5;

/** Why the drill must stop, in words; null: it may go on. `second` has just begun. */
export function checkStop(stops: readonly PreparedStop[], tally: Tally, second: number): string | null {
  for (const { metric, below, above, overMs } of stops) {
    const seconds = Math.ceil(overMs / 1000);
    if (second < seconds) continue;
    const view = tally.window(second, seconds);
    if (view.ended < ENOUGH) continue;
    const value = METRICS[metric](view);
    const over = `over ${seconds} s`;
    if (below !== null && value < below) return `${metric} was ${shown(value)} ${over}, below ${below}`;
    if (above !== null && value > above) return `${metric} was ${shown(value)} ${over}, above ${above}`;
  }
  return null;
}

const METRICS: Readonly<Record<Watched, (view: WindowView) => number>> = {
  availability: ({ available, ended }) => available / ended,
  degraded_share: ({ degraded, ended }) => degraded / ended,
  p50_ms: ({ latency }) => latency.percentile(0.5) ?? 0,
  p99_ms: ({ latency }) => latency.percentile(0.99) ?? 0,
  failures: ({ available, ended }) => ended - available,
  hung: ({ hung }) => hung,
  truncated_as_complete: ({ truncated }) => truncated,
};

function shown(value: number): string {
  return String(Math.round(value * 10_000) / 10_000);
}
