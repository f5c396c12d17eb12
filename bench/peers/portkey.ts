/**
 * The best-known TypeScript gateway, as its package runs it: Node, its own start script, told by headers
 * where to forward. Not a dependency of the project: fetched into node_modules/.cache on first use.
 */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Target } from "../load.ts";
import { type Child, freePort, runTool, startChild } from "../processes.ts";
import { firstAnswer } from "../readiness.ts";

const PACKAGE = "@portkey-ai/gateway";
const VERSION = "1.15.2";
const CACHE = join(import.meta.dir, "..", "..", "node_modules", ".cache", "bench");

export interface InstalledPortkey {
  readonly version: string;
  /** Path of its start script. */
  readonly start: string;
}

/**
 * Installs the package unless it is there, with `overrides` of what it depends on. Throws with the registry's
 * complaint, or after `timeoutMs`.
 */
export async function installPortkey(
  timeoutMs: number,
  overrides: Readonly<Record<string, string>> = {},
): Promise<InstalledPortkey> {
  const pinned = Object.entries(overrides).map(
    ([name, version]) => `-${name.replace(/\W+/g, "_")}-${version}`,
  );
  const home = join(CACHE, `portkey-${VERSION}${pinned.join("")}`);
  const start = join(home, "node_modules", PACKAGE, "build", "start-server.js");
  const complete = join(home, "complete");
  if (existsSync(complete)) return { version: VERSION, start };
  mkdirSync(home, { recursive: true });
  writeFileSync(join(home, "package.json"), JSON.stringify({ name: "bench-peer", private: true, overrides }));
  const quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  await runTool(["npm", "install", "--prefix", home, ...quiet, `${PACKAGE}@${VERSION}`], timeoutMs);
  writeFileSync(complete, VERSION);
  return { version: VERSION, start };
}

/** Starts it on a free port; it may not answer yet. */
export async function runPortkey({ start }: InstalledPortkey): Promise<{ port: number; child: Child }> {
  const port = await freePort();
  const child = startChild("portkey", ["node", start, `--port=${port}`, "--headless"], {
    env: { NODE_ENV: "production" },
  });
  return { port, child };
}

/** Starts it in front of the upstream on `upstreamPort`. Throws when it cannot be had. */
export async function startPortkey(upstreamPort: number, installTimeoutMs: number): Promise<Target> {
  const { port, child } = await runPortkey(await installPortkey(installTimeoutMs));
  const headers = {
    authorization: "Bearer bench",
    "x-portkey-provider": "openai",
    "x-portkey-custom-host": `http://127.0.0.1:${upstreamPort}/v1`,
  };
  const target = { name: "portkey", port, pid: child.pid, headers };
  await firstAnswer(target, child);
  return target;
}
