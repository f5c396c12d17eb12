/** What the estimate of complexity costs. Bar: p99 < 100 µs for 4 KB. */
import { estimateComplexity } from "../../src/policy/estimates/complexity.ts";
import { percentile } from "../statistics.ts";
import { hundredths, type Measure } from "./measure.ts";
import { asking } from "./subjects.ts";

const SCORES = 20_000;

export function measureComplexity(): Measure {
  const { p99, cpu } = complexityCost();
  return {
    lines: [
      ["complexity of 4 KB, p99", `${p99} µs`],
      ["... processor time, mean", `${cpu} µs`],
    ],
    figures: { complexity_us_4kb_p99: p99, complexity_us_4kb_cpu: cpu },
  };
}

/**
 * Microseconds that 99 of 100 estimates of a request of 4 KB stay under by the clock, and what one takes of the
 * processor: where others use the machine, only the second says something of the estimate.
 */
function complexityCost(): { readonly p99: number; readonly cpu: number } {
  const sentence =
    "The customer wrote that the parcel did not arrive; explain why the carrier's system must be analysed, " +
    "and compare at least three options step by step. ";
  const request = asking("u0", sentence.repeat(40).slice(0, 4096));
  const costs: number[] = [];
  let before = process.cpuUsage();
  for (let i = 0; i < SCORES; i++) {
    if (i === SCORES / 10) before = process.cpuUsage();
    const start = Bun.nanoseconds();
    estimateComplexity(request);
    if (i >= SCORES / 10) costs.push((Bun.nanoseconds() - start) / 1000);
  }
  const { user, system } = process.cpuUsage(before);
  return { p99: hundredths(percentile(costs, 0.99)), cpu: hundredths((user + system) / costs.length) };
}
