/**
 * `npm run bench:resilience -- [--quick] [--only NAME]`: the same faults, at the same times, under the same load,
 * through Pointsman and its peers, judged by the same client. Owns the order and the exit code: 1 when Pointsman
 * misses its bar, 2 when the bench itself cannot run. Everything is on the loopback and ends with the bench.
 */
import { parseArgs } from "node:util";
import { systemClock } from "../../src/main/system.ts";
import { endChildren, endEverythingOnExit } from "../processes.ts";
import { machineLine } from "../report.ts";
import type { Endpoint } from "./ask.ts";
import { askAndJudge, runLoad } from "./load.ts";
import { type StartGateway, whenReady } from "./peers/gateway.ts";
import { startLitellm } from "./peers/litellm.ts";
import { startPointsman } from "./peers/pointsman.ts";
import { startPortkey } from "./peers/portkey.ts";
import { detailLines, lastLine, phaseTables, type Result, type Results, table } from "./report.ts";
import { FULL, LEAD_MS, type Pace, PHASES, QUICK, type TimedPhase, timed } from "./schedule.ts";
import { missed, type PhaseCalls, tally } from "./tally.ts";
import { between, startUpstream, type Upstream } from "./upstream.ts";

const GATEWAYS: Readonly<Record<string, StartGateway>> = {
  pointsman: startPointsman,
  portkey: startPortkey,
  litellm: startLitellm,
};

const clock = systemClock();

/** Both shapes of an answer, so that every gateway is warm and none is measured that cannot stream at all. */
async function isReady(upstream: Upstream, endpoint: Endpoint): Promise<string | null> {
  const [question] = upstream.questions;
  if (!question) return "there is no question";
  for (const stream of [false, true]) {
    const { ending, detail } = await askAndJudge(endpoint, question, stream, clock);
    if (ending !== "answered") return `${stream ? "stream" : "whole answer"}: ${ending}, ${detail}`;
  }
  return null;
}

/** Counts at the end of each phase what the simulator saw since the last, and once more when all has ended. */
async function countCalls(
  upstream: Upstream,
  phases: readonly TimedPhase[],
  startAt: number,
  ended: Promise<unknown>,
): Promise<readonly PhaseCalls[]> {
  let before = await upstream.stats();
  const counted: PhaseCalls[] = [];
  const count = async (phase: string) => {
    const after = await upstream.stats();
    counted.push({ phase, ...between(after, before) });
    before = after;
  };
  for (const { name, endMs } of phases) {
    await Bun.sleep(Math.max(0, startAt + endMs - performance.now()));
    await count(name);
  }
  await ended;
  await count("after the load");
  return counted;
}

/** One gateway through the whole schedule, with a simulator of its own. */
async function drive(name: string, start: StartGateway, pace: Pace): Promise<Result> {
  try {
    const upstream = await startUpstream();
    const { endpoint, version, child } = await start(upstream.port);
    await whenReady(name, child, () => isReady(upstream, endpoint));
    const phases = timed(PHASES, pace);
    const startAt = performance.now() + LEAD_MS;
    await upstream.inject(phases);
    const { questions } = upstream;
    const load = runLoad({ endpoint, questions, phases, perSecond: pace.perSecond, startAt, clock });
    const [seen, calls] = await Promise.all([load, countCalls(upstream, phases, startAt, load)]);
    return tally(version, PHASES, seen, calls);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { skipped: reason.replace(/\s+/g, " ").slice(-300) };
  } finally {
    await endChildren();
  }
}

/** What the command line asks for; throws, saying why, when it makes no sense. */
function readOptions(args: readonly string[]) {
  const options = { quick: { type: "boolean", default: false }, only: { type: "string" } } as const;
  const { values } = parseArgs({ args: args.filter((argument) => argument !== "--"), options });
  const names = values.only === undefined ? Object.keys(GATEWAYS) : [values.only];
  const unknown = names.find((name) => !(name in GATEWAYS));
  if (unknown !== undefined) {
    throw new Error(`--only ${unknown}: choose one of ${Object.keys(GATEWAYS).join(", ")}`);
  }
  return { names, pace: values.quick ? QUICK : FULL };
}

/** 1 where Pointsman was to be driven and missed its bar, or could not be driven. */
function exitCodeOf(results: Results, { separate }: Pace): number {
  const { pointsman } = results;
  if (!pointsman) return 0;
  const misses = "skipped" in pointsman ? [pointsman.skipped] : missed(PHASES, pointsman, separate);
  for (const miss of misses) console.log(`MISS pointsman: ${miss}`);
  if (misses.length === 0) console.log("PASS pointsman: every request answered or honestly refused");
  return misses.length === 0 ? 0 : 1;
}

async function main({ names, pace }: ReturnType<typeof readOptions>): Promise<number> {
  endEverythingOnExit();
  const seconds = (PHASES.length * (pace.faultMs + pace.calmMs)) / 1000;
  console.log(machineLine());
  console.log(`${pace.perSecond} requests a second for ${seconds} s each, every other one a stream`);
  const results: Record<string, Result> = {};
  for (const name of names) {
    const start = GATEWAYS[name];
    if (!start) continue;
    console.log(`${name} …`);
    const result = await drive(name, start, pace);
    if ("skipped" in result) console.log(`  skipped: ${result.skipped}`);
    results[name] = result;
  }
  console.log(`\n${phaseTables(PHASES, results)}\n\nNot answered, and why:\n${detailLines(results)}`);
  console.log(`\n${table(results)}\n`);
  const code = exitCodeOf(results, pace);
  console.log(lastLine(results));
  return code;
}

try {
  process.exit(await main(readOptions(process.argv.slice(2))));
} catch (error) {
  console.error(`bench:resilience: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(2);
}
