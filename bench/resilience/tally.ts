/** What the requests to one gateway amount to, in all and by phase, and whether the bar is kept. Pure. */
import { percentile } from "../statistics.ts";
import { ENDINGS, type Ending } from "./judge.ts";
import type { Seen } from "./load.ts";
import type { Phase } from "./schedule.ts";

/** What the simulator counted while a phase lasted. */
export interface PhaseCalls {
  readonly phase: string;
  readonly calls: Readonly<Record<string, number>>;
  readonly struck: number;
}

export type Figures = Readonly<Record<Ending, number>> & {
  readonly requests: number;
  /** Calls that reached a deployment, for one request. */
  readonly amplification: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
  /** Errors with the provider's own words in them, refusals and broken answers alike. */
  readonly raw_provider_errors: number;
};

export interface PhaseFigures extends Figures {
  /** Calls that a fault struck. */
  readonly struck: number;
}

export interface Outcome {
  readonly version: string;
  readonly all: Figures & {
    readonly upstream_calls: Readonly<Record<string, number>>;
    /** 99th percentile of how late requests left: what the machine was short of. */
    readonly lag_p99_ms: number;
  };
  readonly phases: Readonly<Record<string, PhaseFigures>>;
  /** How often each ending came with each detail, by phase: what to look at when a figure surprises. */
  readonly details: Readonly<Record<string, number>>;
}

/** `calls` may have an entry of no phase: those made after the last one, for requests that were still under way. */
export function tally(
  version: string,
  phases: readonly Phase[],
  seen: readonly Seen[],
  calls: readonly PhaseCalls[],
): Outcome {
  const upstream: Record<string, number> = {};
  for (const phase of calls) {
    for (const [deployment, count] of Object.entries(phase.calls)) {
      upstream[deployment] = (upstream[deployment] ?? 0) + count;
    }
  }
  const byPhase = phases.map(({ name }) => {
    const counted = calls.find(({ phase }) => phase === name);
    const figures = figuresOf(
      seen.filter(({ phase }) => phase === name),
      total(counted?.calls ?? {}),
    );
    return [name, { ...figures, struck: counted?.struck ?? 0 }] as const;
  });
  const details: Record<string, number> = {};
  for (const { phase, stream, verdict } of seen) {
    if (verdict.ending === "answered") continue;
    const key = `${phase}, ${stream ? "stream" : "whole"}: ${verdict.ending} (${verdict.detail})`;
    details[key] = (details[key] ?? 0) + 1;
  }
  const lag = percentile(
    seen.map(({ lagMs }) => lagMs),
    0.99,
  );
  const all = { ...figuresOf(seen, total(upstream)), upstream_calls: upstream, lag_p99_ms: Math.round(lag) };
  return { version, all, phases: Object.fromEntries(byPhase), details };
}

function figuresOf(seen: readonly Seen[], calls: number): Figures {
  const counts = Object.fromEntries(
    ENDINGS.map((ending) => [ending, seen.filter(({ verdict }) => verdict.ending === ending).length]),
  ) as Record<Ending, number>;
  const latencies = seen.map(({ latencyMs }) => latencyMs);
  return {
    requests: seen.length,
    ...counts,
    amplification: seen.length === 0 ? 0 : Math.round((calls / seen.length) * 100) / 100,
    p50_ms: Math.round(percentile(latencies, 0.5)),
    p99_ms: Math.round(percentile(latencies, 0.99)),
    raw_provider_errors: seen.filter(({ verdict }) => verdict.raw).length,
  };
}

function total(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

/** In the first and the last phase nothing fails, and an answer takes its 0.3 s. Milliseconds. */
const BUSY_P50_MS = 600;
/** A machine with a processor to spare wakes a timer within a few milliseconds. */
const BUSY_LAG_MS = 40;

/**
 * Why the figures say little about the gateway, or null: the machine was so busy that it was slow, or failed, before
 * anything went wrong, or that the client itself was late.
 */
export function doubt({ all, phases }: Outcome): string | null {
  if (all.lag_p99_ms > BUSY_LAG_MS) return `1 % of the requests left ${all.lag_p99_ms} ms late or more`;
  const inOrder = Object.values(phases);
  for (const calm of [inOrder[0], inOrder.at(-1)]) {
    if (!calm || calm.requests === 0) continue;
    const { requests, answered, p50_ms: p50 } = calm;
    if (answered === requests && p50 <= BUSY_P50_MS) continue;
    return `while nothing failed, ${answered} of ${requests} were answered, half of them within ${p50} ms`;
  }
  return null;
}

/**
 * What Pointsman misses of its bar, in words; empty when it keeps it: every request answered, degraded with a label or
 * honestly refused, none truncated, wrong, broken or hung; and, where `separate`, no phase whose faults struck nobody.
 */
export function missed(phases: readonly Phase[], outcome: Outcome, separate: boolean): readonly string[] {
  const { all } = outcome;
  const misses: string[] = [];
  const fine = all.answered + all.degraded + all.refused;
  if (all.requests === 0) misses.push("nothing was asked");
  if (fine !== all.requests)
    misses.push(`${all.requests - fine} of ${all.requests} neither answered nor refused`);
  for (const ending of ["truncated", "wrong", "broken", "hung"] as const) {
    if (all[ending] > 0) misses.push(`${ending}: ${all[ending]}`);
  }
  for (const { name, faults } of phases) {
    const figures = outcome.phases[name];
    const struck = figures?.struck ?? 0;
    if (separate && faults.length > 0 && struck === 0) misses.push(`the faults of "${name}" struck nobody`);
    if (faults.length === 0 && figures && figures.answered !== figures.requests) {
      misses.push(`"${name}": ${figures.requests - figures.answered} not answered though nothing fails`);
    }
  }
  return misses;
}
