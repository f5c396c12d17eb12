/**
 * `npm run bench:wires -- [--quick]`: what translation costs. CPU microseconds of the gateway's process for a
 * request, and for 1,000 streamed chunks, where the caller's dialect is the provider's and where it is not.
 * Prints a table by pair and, as its last line, one JSON object. How CPU is counted: measure/cpu.ts; the pairs
 * take turns, round by round, and the median of each counts.
 */
import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { callClosed, callStreams, type Target } from "./load.ts";
import { cpuMicroseconds } from "./proc.ts";
import {
  endChildren,
  endEverythingOnExit,
  freePort,
  noteFamily,
  startChild,
  temporaryDirectory,
} from "./processes.ts";
import { machineLine } from "./report.ts";
import { median, spread } from "./statistics.ts";
import { CHUNKS, CROSS, KEY_VARIABLE, type Pair, requestOf, SAME, wirePolicyText } from "./wire-load.ts";

interface Sizes {
  readonly rounds: number;
  readonly seconds: number;
  readonly warmupSeconds: number;
}
const FULL: Sizes = { rounds: 5, seconds: 2, warmupSeconds: 2 };
const QUICK: Sizes = { rounds: 2, seconds: 0.5, warmupSeconds: 0.5 };
const CONNECTIONS = 32;
const STREAMS = 32;
/** Records are written in batches: their cost is charged to the requests before. */
const TAIL_MS = 150;

const ROOT = join(import.meta.dir, "..");

interface Row {
  readonly pair: Pair;
  readonly same: boolean;
  readonly perRequest: number[];
  readonly perThousandChunks: number[];
}

async function startAll(): Promise<Target> {
  const upstreamPort = await freePort();
  startChild("upstream", [process.execPath, join(import.meta.dir, "peers", "wire-upstream.ts")], {
    env: { PORT: String(upstreamPort) },
  });
  const key = `pm-${randomBytes(24).toString("hex")}`;
  const data = join(temporaryDirectory(), "data");
  const policy = join(temporaryDirectory(), "policy.yaml");
  mkdirSync(data);
  writeFileSync(policy, wirePolicyText(createHash("sha256").update(key).digest("hex"), upstreamPort));
  const port = await freePort();
  const command = [
    join(ROOT, "bin", "pointsman"),
    "up",
    "--policy",
    policy,
    "--port",
    String(port),
    "--data",
    data,
  ];
  const child = startChild("pointsman", command, {
    cwd: ROOT,
    env: { [KEY_VARIABLE]: "bench-provider-key" },
  });
  const target = { name: "pointsman", port, pid: child.pid, headers: { authorization: `Bearer ${key}` } };
  await untilAnswering(target);
  const [, program] = noteFamily(child.pid);
  return { ...target, pid: program ?? child.pid };
}

async function untilAnswering(target: Target): Promise<void> {
  const until = performance.now() + 15_000;
  for (;;) {
    try {
      await Promise.all([...SAME, ...CROSS].map((pair) => oneAnswer(target, pair)));
      return;
    } catch (error) {
      if (performance.now() > until) throw error;
      await Bun.sleep(100);
    }
  }
}

async function oneAnswer({ port, headers }: Target, pair: Pair): Promise<void> {
  const { path, body } = requestOf(pair, false);
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    method: "POST",
    headers: { ...headers, "content-type": "application/json" },
    body,
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${nameOf(pair)}: ${response.status} ${text.slice(0, 300)}`);
}

async function sampleRequests(target: Target, { pair, perRequest }: Row, seconds: number): Promise<void> {
  const before = cpuMicroseconds(target.pid);
  const { requests } = await callClosed(target, requestOf(pair, false), CONNECTIONS, seconds);
  await Bun.sleep(TAIL_MS);
  perRequest.push((cpuMicroseconds(target.pid) - before) / requests);
}

async function sampleChunks(target: Target, { pair, perThousandChunks }: Row): Promise<void> {
  const before = cpuMicroseconds(target.pid);
  await callStreams(target, requestOf(pair, true), STREAMS);
  await Bun.sleep(TAIL_MS);
  perThousandChunks.push(((cpuMicroseconds(target.pid) - before) * 1000) / (STREAMS * CHUNKS));
}

function nameOf({ caller, provider }: Pair): string {
  return `${caller} → ${provider}`;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function report(rows: readonly Row[]): void {
  console.log(`\n${"caller → provider".padEnd(42)} µs a request   µs per 1,000 chunks`);
  for (const row of rows) {
    const request = median(row.perRequest).toFixed(1).padStart(8);
    const noise = `±${(spread(row.perRequest) * 100).toFixed(0)} %`.padStart(6);
    const chunks = median(row.perThousandChunks).toFixed(0).padStart(12);
    console.log(`${nameOf(row.pair).padEnd(42)} ${request} ${noise} ${chunks}`);
  }
  const of = (same: boolean, pick: (row: Row) => readonly number[]) =>
    Number(mean(rows.filter((row) => row.same === same).map((row) => median(pick(row)))).toFixed(2));
  const requests = (row: Row) => row.perRequest;
  const chunks = (row: Row) => row.perThousandChunks;
  const figures = {
    cpu_us: { same: of(true, requests), cross: of(false, requests) },
    cpu_us_per_1000_chunks: { same: of(true, chunks), cross: of(false, chunks) },
  };
  const ratio = ({ same, cross }: { same: number; cross: number }) => (cross / same).toFixed(2);
  console.log(
    `\ncross / same: ${ratio(figures.cpu_us)} a request, ${ratio(figures.cpu_us_per_1000_chunks)} a chunk (bar: 1.6)\n`,
  );
  console.log(JSON.stringify(figures));
}

const { values } = parseArgs({
  args: process.argv.slice(2),
  options: { quick: { type: "boolean", default: false } },
});
const sizes = values.quick ? QUICK : FULL;
endEverythingOnExit();
console.log(machineLine());
const target = await startAll();
const rows: Row[] = [
  ...SAME.map((pair) => ({ pair, same: true, perRequest: [], perThousandChunks: [] })),
  ...CROSS.map((pair) => ({ pair, same: false, perRequest: [], perThousandChunks: [] })),
];
for (const { pair } of rows) {
  await callClosed(target, requestOf(pair, false), CONNECTIONS, sizes.warmupSeconds);
}
for (let round = 0; round < sizes.rounds; round++) {
  const turn = round % 2 === 0 ? rows : rows.toReversed();
  for (const row of turn) {
    await sampleRequests(target, row, sizes.seconds);
    await sampleChunks(target, row);
  }
}
report(rows);
await endChildren();
process.exit(0);
