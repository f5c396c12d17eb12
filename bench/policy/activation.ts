/**
 * What a change of policy costs those who are being served. A gateway by its launcher, its policy in its own store,
 * under a steady load; policies are put in force with PUT.
 *
 * - `activate_ms_5000`: from the moment when the text of 5,000 deployments has been read and fits the schema until it
 *   is in force: compiled, its tests run, swapped, everything that follows it told. Median, from the gateway's log.
 * - `activate_whole_ms_5000`: the whole PUT, YAML and its validation included. Median.
 * - `blip_ms`: the slowest request while a PUT is under way, less the slowest one in an equal time just before.
 *   Median over the activations; never below 0. `blip_worst_ms` is that of the worst activation.
 * - `failed_during_100_activations`: requests that failed while 100 policies were put in force one after the other.
 */
import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { endChildren, freePort, startChild, temporaryDirectory } from "../processes.ts";
import { median } from "../statistics.ts";
import { largePolicyText } from "./large-policy.ts";
import { startLoad } from "./load.ts";
import { hundredths, type Measure } from "./measure.ts";

const ROOT = join(import.meta.dir, "..", "..");
const KEY = `pm-${randomBytes(24).toString("hex")}`;
const DEPLOYMENTS = 5_000;
const ACTIVATIONS = 7;
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
  const upstream = Bun.serve({ port: 0, fetch: answer });
  const running = await startGateway(upstream.port ?? 0);
  const load = startLoad({ url: running.url, key: KEY, perSecond: PER_SECOND });
  try {
    await Bun.sleep(3_000);
    const whole: number[] = [];
    const blips: number[] = [];
    for (let revision = 1; revision <= ACTIVATIONS; revision++) {
      const text = textOf(running, DEPLOYMENTS, revision);
      await Bun.sleep(QUIET_MS);
      const begun = performance.now();
      await put(running, text);
      const ended = performance.now();
      // The answers of what was sent meanwhile.
      await Bun.sleep(300);
      // The first one starts the thread that reads policies.
      if (revision === 1) continue;
      const length = ended - begun;
      whole.push(length);
      blips.push(Math.max(0, load.slowest(begun, ended) - load.slowest(begun - length, begun)));
    }
    const before = load.counts();
    for (let revision = 0; revision < 100; revision++) await put(running, textOf(running, SMALLER, revision));
    await Bun.sleep(300);
    const after = load.counts();
    const failed = after.failed - before.failed;
    const sent = after.answered + after.failed - before.answered - before.failed;
    const activate = activationsIn(running.log).slice(1, ACTIVATIONS);
    const figures = {
      activate_ms_5000: median(activate),
      activate_whole_ms_5000: Math.round(median(whole)),
      blip_ms: hundredths(median(blips)),
      blip_worst_ms: hundredths(Math.max(...blips)),
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
        ["failed during 100 activations", `${failed} of ${sent} requests`],
      ],
      figures,
    };
  } finally {
    await load.stop();
    await endChildren();
    await upstream.stop(true);
  }
}

function answer(): Response {
  return Response.json({
    id: "chatcmpl-bench",
    object: "chat.completion",
    created: 1,
    model: "m",
    choices: [{ index: 0, message: { role: "assistant", content: "Here." }, finish_reason: "stop" }],
    usage: { prompt_tokens: 10, completion_tokens: 2, total_tokens: 12 },
  });
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
  for (let tries = 0; tries < 300; tries++) {
    const ready = await fetch(`${url}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (ready) return { url, log, upstreamPort };
    await Bun.sleep(100);
  }
  throw new Error(`The gateway did not start: ${readFileSync(log, "utf8")}`);
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
