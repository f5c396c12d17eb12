/**
 * Added latency: p50 and p99 of calls through the gateway minus those of calls straight to the upstream, at
 * a constant 1,000 requests a second over 64 kept connections. Rounds alternate, the two of a pair are
 * subtracted, and the median of the pairs counts.
 *
 * The generator is open-loop: a request is due at its time whatever the answers do, and its latency runs from then (no
 * coordinated omission). The gateway is warm: its first tens of thousands of requests, beside which the runtime
 * compiles code, have been made in a closed loop, here or for the CPU figures.
 *
 * Caveats: the generator spins, so on two cores the gateway and the upstream share the
 * other one; a difference of percentiles is not the percentile of the difference; and anything else that
 * runs on the machine lands in the p99, so this wants a quiet one: the upstream's own p99 tells.
 */
import { type Bench, subjectOf } from "../bench.ts";
import type { OpenRound } from "../job.ts";
import { openLoop, warmUp } from "../load.ts";
import { REQUESTS_PER_SECOND } from "../settings.ts";
import { median } from "../statistics.ts";

/** Connections and caches after a pause; its latencies are not used. */
const WARMUP = { perSecond: REQUESTS_PER_SECOND, seconds: 1, rounds: 1 };

/** An upstream that answers in 20 µs has a p99 beyond this when something else keeps the cores busy. */
const QUIET_P99_MS = 1;

export async function measureLatency(bench: Bench): Promise<void> {
  const subject = subjectOf(bench);
  // Where the CPU was measured, that was its warm-up.
  if (bench.figures.cpu_us.pointsman === null) await warmUp(subject, bench.settings.cpu);
  await openLoop([subject], WARMUP);
  const pace = { perSecond: REQUESTS_PER_SECOND, ...bench.settings.latency };
  const [direct = [], through = []] = await openLoop([bench.upstream, subject], pace);
  bench.figures.added_ms.p50 = medianDifference(direct, through, "p50");
  bench.figures.added_ms.p99 = medianDifference(direct, through, "p99");
  if (median(direct.map((round) => round.p99)) > QUIET_P99_MS) {
    bench.doubtful.add("latency");
    bench.note(
      `the upstream alone has a p99 above ${QUIET_P99_MS} ms: the machine is too busy for this figure`,
    );
  }
  bench.note(`upstream alone: ${described(direct)}`);
  bench.note(`through the gateway: ${described(through)}`);
}

function medianDifference(
  direct: readonly OpenRound[],
  through: readonly OpenRound[],
  which: "p50" | "p99",
): number {
  return median(through.map((round, pair) => round[which] - (direct[pair]?.[which] ?? Number.NaN)));
}

function described(rounds: readonly OpenRound[]): string {
  const p99 = rounds.map((round) => round.p99.toFixed(2)).join(" ");
  return `p50 ${median(rounds.map((round) => round.p50)).toFixed(3)} ms, p99 by round ${p99} ms`;
}
