/**
 * What a change of policy costs those who are being served. A gateway by its launcher, its policy in its own store,
 * under a steady load; policies are put in force with PUT.
 *
 * - `activate_ms_5000`: from the moment when the text of 5,000 deployments has been read and fits the schema until it
 *   is in force: compiled, its tests run, swapped, everything that follows it told. Median, from the gateway's log.
 * - `activate_whole_ms_5000`: the whole PUT, YAML and its validation included. Median.
 * - `blip_ms`: the slowest request while a PUT is under way, less the slowest one in an equal time just before.
 *   Median over the activations; never below 0. `blip_worst_ms` is that of the worst activation;
 *   `blip_none_worst_ms` is the worst where nothing was put in force: the same difference of the two equal times
 *   before each PUT.
 * - `failed_during_100_activations`: requests that failed while 100 policies were put in force one after the other.
 */
import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { endChildren, freePort, startChild, temporaryDirectory } from "../processes.ts";
import { median } from "../statistics.ts";
import { largePolicyText } from "./large-policy.ts";
import { now } from "./load.ts";
import { hundredths, type Measure } from "./measure.ts";

const ROOT = join(import.meta.dir, "..", "..");
const KEY = `pm-${randomBytes(24).toString("hex")}`;
const DEPLOYMENTS = 5_000;
/** The first one is not counted. */
const ACTIVATIONS = 16;
/** Of the hundred: large enough to go the way of large ones. */
const SMALLER = 100;
const PER_SECOND = 100;
const QUIET_MS = 1_500;

interface Running {
  readonly url: string;
  readonly log: string;
  readonly upstreamPort: number;
}

export async function measureActivation(): Promise<Measure> {
  const load = await startLoadProcess();
  try {
    const running = await startGateway(load.port);
    await load.start(running.url);
    await Bun.sleep(3_000);
    const whole: number[] = [];
    const blips: number[] = [];
    const none: number[] = [];
    for (let revision = 1; revision <= ACTIVATIONS; revision++) {
      const text = textOf(running, DEPLOYMENTS, revision);
      await Bun.sleep(QUIET_MS);
      const begun = now();
      await put(running, text);
      const ended = now();
      // The answers of what was sent meanwhile.
      await Bun.sleep(300);
      // The first one starts the thread that reads policies.
      if (revision === 1) continue;
      const length = ended - begun;
      whole.push(length);
      const during = await load.slowest(begun, ended);
      const before = await load.slowest(begun - length, begun);
      const earlier = await load.slowest(begun - 2 * length, begun - length);
      blips.push(Math.max(0, during - before));
      none.push(Math.max(0, before - earlier));
    }
    const before = await load.counts();
    for (let revision = 0; revision < 100; revision++) await put(running, textOf(running, SMALLER, revision));
    await Bun.sleep(300);
    const after = await load.counts();
    const failed = after.failed - before.failed;
    const sent = after.answered + after.failed - before.answered - before.failed;
    const activate = activationsIn(running.log).slice(1, ACTIVATIONS);
    const figures = {
      activate_ms_5000: median(activate),
      activate_whole_ms_5000: Math.round(median(whole)),
      blip_ms: hundredths(median(blips)),
      blip_worst_ms: hundredths(Math.max(...blips)),
      blip_none_worst_ms: hundredths(Math.max(...none)),
      failed_during_100_activations: failed,
      requests_during_100_activations: sent,
    };
    return {
      lines: [
        ["5,000 deployments, from valid to in force", `${figures.activate_ms_5000} ms`],
        ["  the whole PUT", `${figures.activate_whole_ms_5000} ms`],
        [
          "  what the slowest request waits longer",
          `${figures.blip_ms} ms (worst ${figures.blip_worst_ms} ms)`,
        ],
        ["  ... when nothing is put in force", `worst ${figures.blip_none_worst_ms} ms`],
        ["failed during 100 activations", `${failed} of ${sent} requests`],
      ],
      figures,
    };
  } finally {
    await endChildren();
  }
}

interface LoadProcess {
  /** Of the model that answers. */
  readonly port: number;
  start(url: string): Promise<void>;
  slowest(from: number, to: number): Promise<number>;
  counts(): Promise<{ readonly answered: number; readonly failed: number }>;
}

async function startLoadProcess(): Promise<LoadProcess> {
  const port = await freePort();
  startChild("load", [process.execPath, join(import.meta.dir, "load-process.ts")], {
    env: { PORT: String(port) },
  });
  const ask = async <T>(what: string, wishes: Readonly<Record<string, string>> = {}): Promise<T> => {
    const query = new URLSearchParams(wishes);
    return (await fetch(`http://127.0.0.1:${port}/_load/${what}?${query}`)).json() as Promise<T>;
  };
  await untilReady(() => ask("counts"));
  return {
    port,
    start: async (url) => void (await ask("start", { url, key: KEY, perSecond: String(PER_SECOND) })),
    slowest: (from, to) => ask("slowest", { from: String(from), to: String(to) }),
    counts: () => ask("counts"),
  };
}

/** Throws what `look` last threw when it still does after 30 s. */
async function untilReady(look: () => Promise<unknown>): Promise<void> {
  for (let tries = 300; ; tries--) {
    try {
      await look();
      return;
    } catch (thrown) {
      if (tries === 0) throw thrown;
      await Bun.sleep(100);
    }
  }
}

function textOf(
  { upstreamPort }: Pick<Running, "upstreamPort">,
  deployments: number,
  revision: number,
): string {
  const keySha256 = createHash("sha256").update(KEY).digest("hex");
  return largePolicyText({ deployments, revision, keySha256, upstreamPort });
}

async function startGateway(upstreamPort: number): Promise<Running> {
  const data = join(temporaryDirectory(), "activation");
  const seed = join(temporaryDirectory(), "seed.yaml");
  mkdirSync(data);
  writeFileSync(seed, textOf({ upstreamPort }, DEPLOYMENTS, 0));
  const port = await freePort();
  const options = ["--policy", `store:${seed}`, "--port", String(port), "--data", data];
  const { log } = startChild("pointsman", [join(ROOT, "bin", "pointsman"), "up", ...options], { cwd: ROOT });
  const url = `http://127.0.0.1:${port}`;
  await untilReady(async () => {
    if (!(await fetch(`${url}/readyz`)).ok) throw new Error(readFileSync(log, "utf8"));
  });
  return { url, log, upstreamPort };
}

async function put({ url }: Running, text: string): Promise<void> {
  const response = await fetch(`${url}/admin/policy`, {
    method: "PUT",
    headers: { authorization: `Bearer ${KEY}`, "content-type": "application/yaml" },
    body: text,
  });
  const body = await response.text();
  if (!response.ok) throw new Error(`PUT answered ${response.status}: ${body.slice(0, 500)}`);
}

/** Milliseconds from valid to in force, in the order of the log; policies judged in one go have none. */
function activationsIn(log: string): readonly number[] {
  return [...readFileSync(log, "utf8").matchAll(/"event":"policy_activated".*?"activateMs":(\d+)/g)].map(
    ([, ms]) => Number(ms),
  );
}
