/**
 * `bun bench/profile.ts [--streams] [--seconds N]`: where Pointsman's main thread spends its time under the
 * load of the CPU figures, as a table of functions by self time. Owns reading the profile (the Chrome
 * DevTools format). Sampling every 250 µs slows what it looks at: read shares, not times. Threads of the
 * runtime (fetch's sockets, the collector) are not in it.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startProfiled } from "./gateway.ts";
import { closedLoop, openStreams } from "./load.ts";
import { startUpstream } from "./peers/nginx.ts";
import { startStreamingUpstream } from "./peers/streaming.ts";
import { endChildren, endEverythingOnExit, temporaryDirectory } from "./processes.ts";
import { CONNECTIONS } from "./settings.ts";

const ROWS = 45;

interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
    readonly children?: readonly number[];
  }[];
  readonly samples: readonly number[];
}

type Share = { self: number; total: number };

/** By function: samples in it, and samples in it or what it called, recursion counted once. */
function sharesOf(profile: CpuProfile): ReadonlyMap<string, Share> {
  const name = new Map(profile.nodes.map((node) => [node.id, labelOf(node.callFrame)]));
  const parent = new Map(profile.nodes.flatMap((node) => (node.children ?? []).map((c) => [c, node.id])));
  const shares = new Map<string, Share>();
  const share = (label: string) => {
    const known = shares.get(label) ?? { self: 0, total: 0 };
    shares.set(label, known);
    return known;
  };
  for (const sample of profile.samples) {
    share(name.get(sample) ?? "?").self++;
    const stack = new Set<string>();
    for (let at: number | undefined = sample; at !== undefined; at = parent.get(at)) {
      stack.add(name.get(at) ?? "?");
    }
    for (const label of stack) share(label).total++;
  }
  return shares;
}

function labelOf({ functionName, url, lineNumber }: CpuProfile["nodes"][number]["callFrame"]): string {
  const file = url.replace(/^.*\/(?=(src|node_modules)\/)/, "");
  return `${functionName || "(anonymous)"}${file === "" ? "" : ` ${file}:${lineNumber + 1}`}`;
}

function printTable(profile: CpuProfile): void {
  const percent = (count: number) => `${((count / profile.samples.length) * 100).toFixed(1)} %`.padStart(7);
  const rows = [...sharesOf(profile)].sort(([, a], [, b]) => b.self - a.self).slice(0, ROWS);
  console.log(`${profile.samples.length} samples\n   self   total  function`);
  for (const [label, { self, total }] of rows) console.log(`${percent(self)} ${percent(total)}  ${label}`);
}

async function main(): Promise<void> {
  const options = {
    streams: { type: "boolean", default: false },
    seconds: { type: "string", default: "6" },
  } as const;
  const { values } = parseArgs({ args: process.argv.slice(2), options });
  const seconds = Math.min(60, Math.max(1, Math.round(Number(values.seconds)) || 1));
  endEverythingOnExit();
  const [chat, streams] = [await startUpstream(), await startStreamingUpstream()];
  const gateway = await startProfiled({ chat: chat.port, streams: streams.port }, temporaryDirectory());
  if (values.streams) await openStreams(gateway, "fast", CONNECTIONS, seconds);
  else console.log(`${(await closedLoop(gateway, CONNECTIONS, seconds)).requests} requests in ${seconds} s`);
  await gateway.stop();
  const written = readdirSync(temporaryDirectory()).find((file) => file.endsWith(".cpuprofile"));
  if (written === undefined) throw new Error("the profiler wrote nothing");
  printTable(JSON.parse(readFileSync(join(temporaryDirectory(), written), "utf8")) as CpuProfile);
  await endChildren();
  process.exit(0);
}

await main();
