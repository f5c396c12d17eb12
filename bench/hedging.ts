/**
 * `bun bench/hedging.ts -- [--quick]`: what hedging does to the time to the first token of a provider whose
 * latency has a heavy tail, and what it costs. Each setting gets its own gateway, by its launcher, with two
 * regions of one model, and the same arrivals. The first calls, from which p95 is learnt, are not counted.
 * Prints a table and, as its last line, one JSON object.
 */
import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { PATH } from "./payload.ts";
import { endChildren, endEverythingOnExit, freePort, startChild, temporaryDirectory } from "./processes.ts";
import { machineLine } from "./report.ts";
import { percentile } from "./statistics.ts";

const REQUESTS_PER_SECOND = 50;
const ROOT = join(import.meta.dir, "..");
const KEY = `pm-${randomBytes(24).toString("hex")}`;

interface Setting {
  readonly name: string;
  /** As a policy writes it; null: none. */
  readonly hedge: string | null;
}

const SETTINGS: readonly Setting[] = [
  { name: "no hedging", hedge: null },
  { name: "after p95, 5 %", hedge: "{ after: p95, max_share: 0.05 }" },
  { name: "after p95, 10 %", hedge: "{ after: p95, max_share: 0.1 }" },
  { name: "after 200 ms, 5 %", hedge: "{ after: 200ms, max_share: 0.05 }" },
];

interface Measured {
  readonly name: string;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly longest: number;
  /** Calls to the provider for one request. */
  readonly amplification: number;
  readonly failed: number;
}

function policyText(hedge: string | null, upstreamPort: number): string {
  const address = (region: string) => `"http://127.0.0.1:${upstreamPort}/${region}/v1"`;
  const hash = createHash("sha256").update(KEY).digest("hex");
  return `version: 1
name: bench-hedging
providers:
  us: { kind: openai-compatible, base_url: ${address("us")}, credential: none }
  eu: { kind: openai-compatible, base_url: ${address("eu")}, credential: none }
models:
  large: { context_window: 32000, prices: { input: 3, output: 15 } }
deployments:
  large-us: { model: large, provider: us, model_id: bench-large-1, region: us-east-1 }
  large-eu: { model: large, provider: eu, model_id: bench-large-1, region: eu-west-1 }
use_cases:
  bench:
    latency_tier: interactive
    ${hedge === null ? "" : `hedge: ${hedge}`}
    ladder: { primary: large@us-east-1, cross_region: auto, degraded: [{ busy: { message: Later. } }] }
keys: [{ id: bench, sha256: "${hash}", tenant: bench }]
`;
}

async function startGateway(hedge: string | null, upstreamPort: number, number: number): Promise<string> {
  const data = join(temporaryDirectory(), `data-${number}`);
  const policy = join(temporaryDirectory(), `policy-${number}.yaml`);
  mkdirSync(data);
  writeFileSync(policy, policyText(hedge, upstreamPort));
  const port = await freePort();
  const options = ["--policy", policy, "--port", String(port), "--data", data];
  startChild("pointsman", [join(ROOT, "bin", "pointsman"), "up", ...options], { cwd: ROOT });
  const url = `http://127.0.0.1:${port}`;
  for (let tries = 0; tries < 150; tries++) {
    const ready = await fetch(`${url}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (ready) return url;
    await Bun.sleep(100);
  }
  throw new Error("The gateway did not start.");
}

/** Milliseconds to the first content; null where none came. */
async function firstContent(url: string): Promise<number | null> {
  const startedAt = performance.now();
  const response = await fetch(`${url}${PATH}`, {
    method: "POST",
    headers: { authorization: `Bearer ${KEY}`, "content-type": "application/json" },
    body: JSON.stringify({
      model: "bench",
      stream: true,
      messages: [{ role: "user", content: "Where is it?" }],
    }),
  });
  let tookMs: number | null = null;
  for await (const piece of response.body ?? []) {
    if (piece.length > 0) tookMs ??= performance.now() - startedAt;
  }
  return response.ok ? tookMs : null;
}

/** Requests at a steady rate, whether or not earlier ones have been answered. */
async function load(url: string, seconds: number): Promise<readonly (number | null)[]> {
  const asked: Promise<number | null>[] = [];
  const startedAt = performance.now();
  for (let count = 0; count < seconds * REQUESTS_PER_SECOND; count++) {
    const dueInMs = startedAt + (count * 1000) / REQUESTS_PER_SECOND - performance.now();
    if (dueInMs > 0) await Bun.sleep(dueInMs);
    asked.push(firstContent(url).catch(() => null));
  }
  return Promise.all(asked);
}

async function measure({ name, hedge }: Setting, number: number, seconds: number): Promise<Measured> {
  const upstreamPort = await freePort();
  startChild("upstream", [process.execPath, join(import.meta.dir, "peers", "heavy-tailed.ts")], {
    env: { PORT: String(upstreamPort), SEED: "7" },
  });
  const url = await startGateway(hedge, upstreamPort, number);
  const begun = async () => {
    const answer = (await (await fetch(`http://127.0.0.1:${upstreamPort}/count`)).json()) as {
      begun: number;
    };
    return answer.begun;
  };
  await load(url, seconds / 4);
  const before = await begun();
  const times = await load(url, seconds);
  const calls = (await begun()) - before;
  await endChildren();
  const answered = times.filter((ms) => ms !== null);
  return {
    name,
    p50: percentile(answered, 0.5),
    p95: percentile(answered, 0.95),
    p99: percentile(answered, 0.99),
    longest: Math.max(...answered),
    amplification: calls / times.length,
    failed: times.length - answered.length,
  };
}

function report(rows: readonly Measured[]): void {
  console.log(`\n${"first token".padEnd(20)} p50 ms   p95 ms   p99 ms  longest   hedged   failed`);
  for (const { name, p50, p95, p99, longest, amplification, failed } of rows) {
    const times = [p50, p95, p99, longest].map((ms) => ms.toFixed(0).padStart(8)).join(" ");
    const share = `${((amplification - 1) * 100).toFixed(1)} %`.padStart(8);
    console.log(`${name.padEnd(18)} ${times} ${share} ${String(failed).padStart(8)}`);
  }
  const figures = rows.map(({ name, ...row }) => [
    name,
    Object.fromEntries(Object.entries(row).map(([key, value]) => [key, Number(value.toFixed(3))])),
  ]);
  console.log(`\n${JSON.stringify(Object.fromEntries(figures))}`);
}

const { values } = parseArgs({
  args: process.argv.slice(2).filter((argument) => argument !== "--"),
  options: { quick: { type: "boolean", default: false } },
});
endEverythingOnExit();
console.log(machineLine());
const seconds = values.quick ? 8 : 40;
const rows: Measured[] = [];
for (const [number, setting] of SETTINGS.entries()) rows.push(await measure(setting, number, seconds));
report(rows);
process.exit(0);
