/**
 * `npm run bench -- [--quick] [--only NAME] [--stand-in]`: measures the figures, prints a table, and as its
 * last line one JSON object. Owns the order and the budget of time; how a figure is measured stands in its
 * own file under measure/. `--stand-in` puts the bare proxy in Pointsman's place: what comes out then is the
 * bench's own noise. Everything runs on the loopback and is ended with the bench.
 */
import { parseArgs } from "node:util";
import type { Bench, Measure } from "./bench.ts";
import { FIGURE_NAMES, type FigureName, type Figures, noFigures } from "./figures.ts";
import { startBareProxy, startPointsman } from "./gateway.ts";
import { CLOSED_LOOP, type Target } from "./load.ts";
import { measureCpu } from "./measure/cpu.ts";
import { measureLatency } from "./measure/latency.ts";
import { measureMemory } from "./measure/memory.ts";
import { measureStart } from "./measure/start.ts";
import { measureChunks, measureStreams } from "./measure/streams.ts";
import { startForwarder, startUpstream } from "./peers/nginx.ts";
import { startPortkey } from "./peers/portkey.ts";
import { startStreamingUpstream } from "./peers/streaming.ts";
import { endChildren, endEverythingOnExit } from "./processes.ts";
import { lastLine, machineLine, table } from "./report.ts";
import { FULL, QUICK, type Settings } from "./settings.ts";

const MEASURES: Readonly<Record<FigureName, Measure>> = {
  cpu: measureCpu,
  latency: measureLatency,
  chunks: measureChunks,
  streams: measureStreams,
  memory: measureMemory,
  start: measureStart,
};

/** What the command line asks for; throws, saying why, when it makes no sense. */
function readOptions(args: readonly string[]) {
  const options = {
    quick: { type: "boolean", default: false },
    only: { type: "string" },
    "stand-in": { type: "boolean", default: false },
  } as const;
  const { values } = parseArgs({ args: [...args], options });
  const only = FIGURE_NAMES.find((name) => name === values.only);
  if (values.only !== undefined && only === undefined) {
    throw new Error(`--only ${values.only}: choose one of ${FIGURE_NAMES.join(", ")}`);
  }
  const names = only === undefined ? FIGURE_NAMES : [only];
  return { names, settings: values.quick ? QUICK : FULL, standIn: values["stand-in"] };
}

/** True once the table is due: a figure that ran out of time may go on for a moment, and is not heard. */
let over = false;

function note(line: string): void {
  if (!over) console.log(`  ${line}`);
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Starts what may be missing; without it the bench goes on, and says why its figure is null. */
async function startOptional<T>(name: string, start: () => Promise<T>): Promise<T | null> {
  try {
    return await start();
  } catch (error) {
    console.log(`without ${name}: ${reasonOf(error)}`);
    return null;
  }
}

async function openBench(
  settings: Settings,
  standIn: boolean,
  withPeers: boolean,
  figures: Figures,
  doubtful: Set<FigureName>,
): Promise<Bench> {
  const streams = await startStreamingUpstream();
  const upstream = (await startOptional("nginx as the upstream", startUpstream)) ?? streams;
  const ports = { chat: upstream.port, streams: streams.port };
  const peers: (Target | null)[] = [await startOptional("the bare proxy", () => startBareProxy(ports))];
  if (withPeers) {
    peers.push(await startOptional("nginx", () => startForwarder(upstream.port)));
    const portkey = () => startPortkey(upstream.port, settings.installTimeoutMs);
    peers.push(await startOptional("Portkey", portkey));
  }
  const startSubject = standIn ? startBareProxy : startPointsman;
  const subject = await startOptional("Pointsman", () => startSubject(ports));
  const bench = { settings, ports, upstream, startSubject, figures, doubtful, note };
  return { ...bench, subject, peers: peers.filter((peer) => peer !== null) };
}

/** One figure within what is left of the budget; a failure leaves its nulls and prints its reason. */
async function measure(name: FigureName, bench: Bench, remainingMs: number): Promise<void> {
  console.log(`${name} …`);
  const begin = performance.now();
  let timer: Timer | undefined;
  const late = new Promise<never>((_, reject) => {
    const expire = () => reject(new Error("the time of the run is used up"));
    timer = setTimeout(expire, Math.max(0, remainingMs));
  });
  try {
    await Promise.race([MEASURES[name](bench), late]);
  } catch (error) {
    note(`null: ${reasonOf(error)}`);
  } finally {
    clearTimeout(timer);
    note(`(${((performance.now() - begin) / 1000).toFixed(1)} s)`);
  }
}

async function main(options: ReturnType<typeof readOptions>): Promise<void> {
  const { names, settings, standIn } = options;
  endEverythingOnExit();
  const end = performance.now() + settings.budgetMs;
  const figures = noFigures();
  const doubtful = new Set<FigureName>();
  console.log(`${machineLine()}; closed loop by ${CLOSED_LOOP}`);
  if (standIn) console.log("stand-in: the bare proxy is measured in Pointsman's place");
  const opened = await startOptional("the upstream", () =>
    openBench(settings, standIn, names.includes("cpu"), figures, doubtful),
  );
  if (opened !== null) {
    for (const name of names) await measure(name, opened, end - performance.now());
  }
  over = true;
  await endChildren();
  console.log(`\n${table(figures, doubtful)}\n\n${lastLine(figures)}`);
  process.exit(0);
}

try {
  await main(readOptions(process.argv.slice(2)));
} catch (error) {
  console.error(`bench: ${reasonOf(error)}`);
  process.exit(2);
}
