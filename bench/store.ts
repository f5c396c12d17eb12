/**
 * What a decision costs on its way to disk: CPU of the whole process, all threads, from `push` to the
 * commit, checkpoints included; and what the database's threads cost in memory and at the start.
 * `npx bun bench/store.ts` takes a few seconds; its last line is JSON. Bars: push < 0.3 µs, total ≤ 4 µs.
 */
import { statSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "../src/core/clock.ts";
import type { Decision } from "../src/core/decision.ts";
import { createDecisionQueue, type DecisionQueue } from "../src/store/decision-queue.ts";
import { recordOf } from "../src/store/decision-store.ts";
import { encodeSegment } from "../src/store/sqlite/decisions/segment.ts";
import { openSqliteStore } from "../src/store/sqlite/sqlite-store.ts";
import { decisions } from "../test/contract/store/decision-fixture.ts";
import { endEverythingOnExit, temporaryDirectory } from "./processes.ts";

const ROUND = 10_000;
const ROUNDS = 12;
/** Rounds before the compiler has seen everything. */
const WARM_UP = 3;

const clock: Clock = {
  now: Date.now,
  wall: Date.now,
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    return { cancel: () => clearTimeout(timer) };
  },
};

function cpuMicroseconds(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** Smallest cost of a record over the rounds: what the machine's other work did not disturb; and the mean. */
async function perRecord(work: (records: readonly Decision[]) => Promise<void> | void) {
  const costs: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const records = decisions(round * ROUND, (round + 1) * ROUND);
    const before = cpuMicroseconds();
    await work(records);
    if (round >= WARM_UP) costs.push((cpuMicroseconds() - before) / ROUND);
  }
  const mean = costs.reduce((sum, cost) => sum + cost, 0) / costs.length;
  return { min: round2(Math.min(...costs)), mean: round2(mean) };
}

function round2(value: number): number {
  return Math.round(value * 100) / 100;
}

async function pushAndFlush(queue: DecisionQueue, records: readonly Decision[]): Promise<void> {
  for (const record of records) queue.push(record);
  if (!(await queue.flush())) throw new Error("the queue was not written in time");
}

/** Nanoseconds a push, without the write: the queue is as long as the round and is emptied outside. */
async function pushCost(): Promise<number> {
  const records = decisions(0, ROUND);
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 30; round++) {
    const queue = createDecisionQueue({ store: nowhere, clock, capacity: ROUND });
    const start = Bun.nanoseconds();
    for (const record of records) queue.push(record);
    best = Math.min(best, (Bun.nanoseconds() - start) / ROUND);
    queue.close();
  }
  return best;
}

const nowhere = {
  append: async () => {},
  list: async () => ({ decisions: [], cursor: null }),
  get: async () => null,
};

const megabytes = () => Math.round(process.memoryUsage.rss() / 1e5) / 10;

endEverythingOnExit();
const path = join(temporaryDirectory(), "pointsman.db");
const rssBefore = megabytes();
const started = Bun.nanoseconds();
const store = openSqliteStore({ path, clock });
const openMs = (Bun.nanoseconds() - started) / 1e6;
await store.ready();
const readyMs = (Bun.nanoseconds() - started) / 1e6;
const rssWriter = megabytes();
await store.decisions.list({ limit: 1 });
const rssReader = megabytes();

const encode = await perRecord((records) => {
  for (let i = 0; i < records.length; i += 512) encodeSegment(records.slice(i, i + 512).map(recordOf));
});
const queue = createDecisionQueue({ store: store.decisions, clock, capacity: ROUND });
const total = await perRecord((records) => pushAndFlush(queue, records));
const rssLoaded = megabytes();
const push = await pushCost();
queue.close();
await store.close();

const figures = {
  record_bytes: JSON.stringify(decisions(0, 1)[0]).length,
  push_ns: Math.round(push),
  encode_us: encode,
  total_us: total,
  open_blocks_ms: round2(openMs),
  ready_ms: round2(readyMs),
  writer_rss_mb: round2(rssWriter - rssBefore),
  reader_rss_mb: round2(rssReader - rssWriter),
  loaded_rss_mb: rssLoaded,
  disk_bytes_per_record: Math.round(statSync(path).size / (ROUND * ROUNDS)),
};
for (const [name, value] of Object.entries(figures)) {
  console.log(name.padEnd(24), typeof value === "object" ? `min ${value.min}, mean ${value.mean}` : value);
}
console.log(JSON.stringify(figures));
