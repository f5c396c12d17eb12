/** What every measure of the policy gives, and how a batch of decisions is timed. */
import { percentile } from "../statistics.ts";

export interface Measure {
  /** Lines for people: what, and how much. */
  readonly lines: readonly (readonly [what: string, figure: string])[];
  /** Keys of the last line's JSON. */
  readonly figures: Readonly<Record<string, unknown>>;
}

const BATCH = 2000;
const BATCHES = 60;
const WARM_UP = 5;

/** Median microseconds of one call of `decide` in a batch of them. */
export function microsecondsOf(decide: (i: number) => void): number {
  const costs: number[] = [];
  for (let batch = 0; batch < BATCHES; batch++) {
    const start = Bun.nanoseconds();
    for (let i = 0; i < BATCH; i++) decide(i);
    if (batch >= WARM_UP) costs.push((Bun.nanoseconds() - start) / BATCH / 1000);
  }
  return hundredths(percentile(costs, 0.5));
}

export function hundredths(value: number): number {
  return Math.round(value * 100) / 100;
}
