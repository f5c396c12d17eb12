/**
 * CPU microseconds a request: 0.6 KB each way, 64 connections in a closed loop, one upstream for all.
 *
 * CPU is user and system time of the gateway's process, threads and children (/proc/<pid>/stat), read before
 * and after a counted number of requests; load generator and upstream are other processes. The gateways take
 * turns, round by round and every second round backwards, and the median of each counts, so that a drifting
 * machine moves all of them. nginx and Portkey, which are far from the bar, take every second round.
 * Caveats: part of the kernel's network work is charged to whoever runs at that moment; a saturated gateway
 * batches its wake-ups, so this is CPU at full load, and at low load a request costs more; Portkey's code is
 * compiled step by step over its first 10,000 requests, so a quick run catches it while it still is dear.
 */
import type { Bench } from "../bench.ts";
import type { CpuFigures } from "../figures.ts";
import { closedLoop, type Target, warmUp } from "../load.ts";
import { cpuMicroseconds } from "../proc.ts";
import { CONNECTIONS } from "../settings.ts";
import { median, spread } from "../statistics.ts";

/** After the load, so that records written in batches are charged to the requests that caused them. */
const TAIL_MS = 150;

/** What one gateway showed, a sample a round. */
interface Series {
  readonly name: keyof CpuFigures;
  readonly target: Target;
  readonly cpu: number[];
  readonly perSecond: number[];
  readonly everyRound: boolean;
}

export async function measureCpu(bench: Bench): Promise<void> {
  const { cpu: settings } = bench.settings;
  const all = seriesOf(bench);
  // All gateways at the same time, since nothing is measured yet.
  await Promise.all(all.map(({ target }) => warmUp(target, settings)));
  for (let round = 0; round < settings.rounds; round++) {
    const turn = all.filter((series) => series.everyRound || round % 2 === 0);
    if (round % 2 === 1) turn.reverse();
    for (const series of turn) await sample(series, settings.seconds);
  }
  for (const { name, cpu, perSecond } of all) {
    bench.figures.cpu_us[name] = median(cpu);
    const noise = (spread(cpu) * 100).toFixed(0);
    bench.note(`${name}: ±${noise} % over ${cpu.length} rounds, ${Math.round(median(perSecond))} requests/s`);
  }
}

function seriesOf(bench: Bench): readonly Series[] {
  const named = bench.peers.map((target) => [target.name as keyof CpuFigures, target] as const);
  if (bench.subject !== null) named.unshift(["pointsman", bench.subject]);
  return named.map(([name, target]) => {
    const everyRound = name === "pointsman" || name === "bare_proxy";
    return { name, target, cpu: [], perSecond: [], everyRound };
  });
}

async function sample(series: Series, seconds: number): Promise<void> {
  const before = cpuMicroseconds(series.target.pid);
  const { requests } = await closedLoop(series.target, CONNECTIONS, seconds);
  await Bun.sleep(TAIL_MS);
  series.cpu.push((cpuMicroseconds(series.target.pid) - before) / requests);
  series.perSecond.push(requests / seconds);
}
