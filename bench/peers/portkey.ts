/**
 * The best-known TypeScript gateway, as its package runs it: Node, its own start script, told by headers
 * where to forward. Not a dependency of the project: fetched into node_modules/.cache on first use.
 */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Target } from "../load.ts";
import { freePort, runTool, startChild } from "../processes.ts";
import { firstAnswer } from "../readiness.ts";

const PACKAGE = "@portkey-ai/gateway";
const VERSION = "1.15.2";
const CACHE = join(import.meta.dir, "..", "..", "node_modules", ".cache", "bench", `portkey-${VERSION}`);
const START = join(CACHE, "node_modules", PACKAGE, "build", "start-server.js");

/** Installs the package unless it is there. Throws with the registry's complaint, or after `timeoutMs`. */
async function install(timeoutMs: number): Promise<void> {
  const complete = join(CACHE, "complete");
  if (existsSync(complete)) return;
  mkdirSync(CACHE, { recursive: true });
  writeFileSync(join(CACHE, "package.json"), JSON.stringify({ name: "bench-peer", private: true }));
  const quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  await runTool(["npm", "install", "--prefix", CACHE, ...quiet, `${PACKAGE}@${VERSION}`], timeoutMs);
  writeFileSync(complete, VERSION);
}

/** Starts it in front of the upstream on `upstreamPort`. Throws when it cannot be had. */
export async function startPortkey(upstreamPort: number, installTimeoutMs: number): Promise<Target> {
  await install(installTimeoutMs);
  const port = await freePort();
  const child = startChild("portkey", ["node", START, `--port=${port}`, "--headless"], {
    env: { NODE_ENV: "production" },
  });
  const headers = {
    authorization: "Bearer bench",
    "x-portkey-provider": "openai",
    "x-portkey-custom-host": `http://127.0.0.1:${upstreamPort}/v1`,
  };
  const target = { name: "portkey", port, pid: child.pid, headers };
  await firstAnswer(target, child);
  return target;
}
