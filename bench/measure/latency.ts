/**
 * Added latency: p50 and p99 of calls through the gateway minus those of calls straight to the upstream, at
 * a constant 1,000 requests a second over kept connections, in alternating rounds of which the median counts.
 *
 * The generator is open-loop: a request is due at its time whatever the answers do, and its latency runs from
 * then (no coordinated omission). Caveats: it spins, so on two cores the gateway and the upstream share the
 * other one; a difference of percentiles is not the percentile of the difference; and anything else that
 * runs on the machine lands in the p99, so this wants a quiet one.
 */
import { type Bench, subjectOf } from "../bench.ts";
import { openLoop, type Target } from "../load.ts";
import { REQUESTS_PER_SECOND } from "../settings.ts";
import { median } from "../statistics.ts";

/** Brings the code of a fresh process to speed; its latencies are not used. */
const WARMUP_SECONDS = 0.5;

export async function measureLatency(bench: Bench): Promise<void> {
  const { rounds, seconds } = bench.settings.latency;
  const direct = { p50: [] as number[], p99: [] as number[] };
  const through = { p50: [] as number[], p99: [] as number[] };
  const subject = subjectOf(bench);
  await openLoop(subject, REQUESTS_PER_SECOND, WARMUP_SECONDS);
  for (let i = 0; i < rounds; i++) {
    await take(bench.upstream, direct);
    await take(subject, through);
  }
  bench.figures.added_ms.p50 = median(through.p50) - median(direct.p50);
  bench.figures.added_ms.p99 = median(through.p99) - median(direct.p99);
  for (const [name, taken] of [
    ["upstream alone", direct] as const,
    ["through the gateway", through] as const,
  ]) {
    const p99 = taken.p99.map((ms) => ms.toFixed(2)).join(" ");
    bench.note(`${name}: p50 ${median(taken.p50).toFixed(3)} ms, p99 by round ${p99} ms`);
  }

  async function take(target: Target, into: { p50: number[]; p99: number[] }): Promise<void> {
    const result = await openLoop(target, REQUESTS_PER_SECOND, seconds);
    into.p50.push(result.p50);
    into.p99.push(result.p99);
  }
}
