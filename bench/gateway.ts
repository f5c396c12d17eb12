/**
 * Starts Pointsman as a user would, by its launcher, with the bench's policy, a fresh data directory and
 * everything on; or the bare proxy, as a peer and in Pointsman's place. Owns the starting, measures nothing.
 */
import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Target } from "./load.ts";
import { MODELS } from "./payload.ts";
import { type PolicyPorts, policyText, UPSTREAM_KEY_VARIABLE } from "./policy/bench-policy.ts";
import { freePort, noteFamily, startChild, temporaryDirectory } from "./processes.ts";
import { firstAnswer } from "./readiness.ts";

export interface Gateway extends Target {
  /** From spawning it to its first successful answer. */
  readonly startMs: number;
  stop(): Promise<void>;
}

/** Starts a gateway in front of the bench's upstreams and waits for its first successful answer. */
export type StartGateway = (ports: PolicyPorts) => Promise<Gateway>;

const ROOT = join(import.meta.dir, "..");
const LAUNCHER = join(ROOT, "bin", "pointsman");
const BARE_PROXY = join(import.meta.dir, "peers", "bare-proxy.ts");
/** As the launcher sets it for Pointsman. */
const RUNTIME_SETTINGS = {
  BUN_CONFIG_MAX_HTTP_REQUESTS: "65336",
  MIMALLOC_PURGE_DELAY: "60000",
  MIMALLOC_PURGE_HOLES_MIN_INTERVAL: "60000",
};
const KEY = `pm-${randomBytes(24).toString("hex")}`;
let starts = 0;

/** Pointsman by its launcher. The launcher becomes the program it starts. */
export const startPointsman: StartGateway = async (ports) => {
  const gateway = await startWith([LAUNCHER], ports);
  const [, program] = noteFamily(gateway.pid);
  return { ...gateway, pid: program ?? gateway.pid };
};

/** Pointsman without its launcher, under Bun's sampling profiler, which writes into `directory` at its end. */
export function startProfiled(ports: PolicyPorts, directory: string): Promise<Gateway> {
  const profiler = ["--cpu-prof", "--cpu-prof-interval=250", `--cpu-prof-dir=${directory}`];
  return startWith([process.execPath, ...profiler, join(ROOT, "src", "main.ts")], ports, RUNTIME_SETTINGS);
}

async function startWith(
  program: readonly string[],
  ports: PolicyPorts,
  env: Readonly<Record<string, string>> = {},
): Promise<Gateway> {
  const data = join(temporaryDirectory(), `data-${++starts}`);
  const policy = join(temporaryDirectory(), `policy-${starts}.yaml`);
  mkdirSync(data);
  writeFileSync(policy, policyText(createHash("sha256").update(KEY).digest("hex"), ports));
  const port = await freePort();
  const command = ["up", "--policy", policy, "--port", String(port), "--data", data];
  const begin = performance.now();
  const child = startChild("pointsman", [...program, ...command], {
    cwd: ROOT,
    env: { ...env, [UPSTREAM_KEY_VARIABLE]: "bench-provider-key" },
  });
  const target = { name: "pointsman", port, pid: child.pid, headers: { authorization: `Bearer ${KEY}` } };
  await firstAnswer(target, child);
  return { ...target, startMs: performance.now() - begin, stop: child.stop };
}

/** The bare proxy, which finds its upstream by the model's name. */
export const startBareProxy: StartGateway = async (ports) => {
  const port = await freePort();
  const upstreams = {
    [MODELS.chat]: `http://127.0.0.1:${ports.chat}/v1`,
    [MODELS.slow]: `http://127.0.0.1:${ports.streams}/slow/v1`,
    [MODELS.fast]: `http://127.0.0.1:${ports.streams}/fast/v1`,
  };
  const begin = performance.now();
  const child = startChild("bare-proxy", [process.execPath, BARE_PROXY], {
    env: { ...RUNTIME_SETTINGS, PORT: String(port), UPSTREAMS: JSON.stringify(upstreams) },
  });
  const target = { name: "bare_proxy", port, pid: child.pid, headers: {} };
  await firstAnswer(target, child);
  return { ...target, startMs: performance.now() - begin, stop: child.stop };
};
