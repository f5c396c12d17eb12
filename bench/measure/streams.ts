/**
 * Streams: CPU microseconds a chunk, and 2,000 slow streams at once against one.
 *
 * A chunk is one server-sent event that reaches the caller. The fast upstream writes each of its 200 events on
 * its own, 5 ms apart, to 64 streams at a time, so a chunk includes its own read and write and its share of
 * opening the stream: a provider that sends several in one packet costs less.
 * The slow upstream takes 2 s to its first token and then sends five. Connections are open before the clock
 * starts, and all requests go out at once; the wall time is until the last byte of the last stream. Caveat:
 * upstream and generator share the machine's cores with the gateway, in both wall times.
 */
import { type Bench, subjectOf } from "../bench.ts";
import { openStreams } from "../load.ts";
import { cpuMicroseconds } from "../proc.ts";
import { SLOW_STREAMS } from "../settings.ts";
import { median } from "../statistics.ts";

/** After the last stream, so that its record is charged to it. */
const TAIL_MS = 200;

export async function measureChunks(bench: Bench): Promise<void> {
  const { streams, rounds, compare } = bench.settings.chunks;
  const subject = subjectOf(bench);
  const compared = bench.peers.filter((peer) => compare && peer.name === "bare_proxy");
  for (const target of [subject, ...compared]) {
    await openStreams(target, "fast", 16);
    const before = cpuMicroseconds(target.pid);
    const { events } = await openStreams(target, "fast", streams, rounds);
    await Bun.sleep(TAIL_MS);
    const cpu = (cpuMicroseconds(target.pid) - before) / events;
    if (target === subject) bench.figures.cpu_us_per_chunk = cpu;
    else bench.note(`${target.name}, passing streams on unread: ${cpu.toFixed(1)} µs a chunk`);
  }
}

export async function measureStreams(bench: Bench): Promise<void> {
  const subject = subjectOf(bench);
  const ratios: number[] = [];
  for (let i = 0; i < bench.settings.streams.rounds; i++) {
    const one = await openStreams(subject, "slow", 1);
    const all = await openStreams(subject, "slow", SLOW_STREAMS);
    ratios.push(all.wallMs / one.wallMs);
    bench.note(`one stream ${one.wallMs.toFixed(0)} ms, ${SLOW_STREAMS} at once ${all.wallMs.toFixed(0)} ms`);
  }
  bench.figures.streams_2000_ratio = median(ratios);
}
