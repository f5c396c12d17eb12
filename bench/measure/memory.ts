/**
 * Memory: resident bytes of the gateway (VmRSS, with children) after many requests over those after a
 * twentieth of them; a quick run takes fewer and nearer counts, and says so.
 *
 * A process of its own start is measured, so that other figures' load is not in it. Each reading is the
 * median over half a second without load. Caveats: the collector returns memory when it likes, so a small
 * difference means nothing; a leak of 100 bytes a request would show as 100 MB after a million.
 */
import { type Bench, subjectOf } from "../bench.ts";
import { closedLoop, type Target } from "../load.ts";
import { residentBytes } from "../proc.ts";
import { CONNECTIONS } from "../settings.ts";
import { median } from "../statistics.ts";

const READINGS = 4;
const READING_EVERY_MS = 150;
/** Up to about here the heap still grows into its working size. */
const SETTLED_REQUESTS = 500_000;
const MEGABYTE = 1024 * 1024;

async function settledBytes(target: Target): Promise<number> {
  const readings: number[] = [];
  for (let i = 0; i < READINGS; i++) {
    await Bun.sleep(READING_EVERY_MS);
    readings.push(residentBytes(target.pid));
  }
  return median(readings);
}

export async function measureMemory(bench: Bench): Promise<void> {
  subjectOf(bench);
  const { early, late, timeoutMs } = bench.settings.memory;
  const deadline = performance.now() + timeoutMs;
  const gateway = await bench.startSubject(bench.ports);
  let requests = 0;
  let perSecond = early;
  /** Loads in slices of 1 to 10 s until `total` requests were answered. */
  const reach = async (total: number) => {
    while (requests < total && performance.now() < deadline) {
      const seconds = Math.min(10, Math.max(1, Math.round((total - requests) / perSecond)));
      const slice = await closedLoop(gateway, CONNECTIONS, seconds);
      requests += slice.requests;
      perSecond = slice.requests / seconds;
    }
  };
  try {
    await reach(early);
    const first = { requests, bytes: await settledBytes(gateway) };
    await reach(late);
    const last = { requests, bytes: await settledBytes(gateway) };
    for (const { requests: count, bytes } of [first, last]) {
      bench.note(`after ${count} requests ${(bytes / MEGABYTE).toFixed(1)} MB`);
    }
    if (requests < SETTLED_REQUESTS) {
      bench.doubtful.add("memory");
      bench.note("too few requests to tell growth from warming up");
    }
    if (requests < late) bench.note(`stopped after ${timeoutMs / 1000} s, short of ${late} requests`);
    if (last.requests > first.requests) bench.figures.rss_ratio = last.bytes / first.bytes;
  } finally {
    await gateway.stop();
  }
}
