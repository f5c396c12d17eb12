/**
 * Start: milliseconds from spawning the launcher, as a user would, with an empty data directory, to the first
 * successful chat completion through it; the median of several. It is asked every 2 ms, so up to that much
 * is the bench's own. Caveat: the files are in the page cache; the first start after boot is slower.
 */
import { type Bench, subjectOf } from "../bench.ts";
import { median } from "../statistics.ts";

export async function measureStart(bench: Bench): Promise<void> {
  subjectOf(bench);
  const starts: number[] = [];
  for (let i = 0; i < bench.settings.start.rounds; i++) {
    const gateway = await bench.startSubject(bench.ports);
    starts.push(gateway.startMs);
    await gateway.stop();
  }
  bench.figures.start_ms = median(starts);
  bench.note(`starts: ${starts.map((ms) => ms.toFixed(0)).join(" ")} ms`);
}
