/** A gateway of the comparison, started. Owns the shape, and what all starts have in common. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { programName } from "../../proc.ts";
import { type Child, lastWords, temporaryDirectory } from "../../processes.ts";
import type { Endpoint } from "../ask.ts";

export interface Gateway {
  readonly version: string;
  readonly endpoint: Endpoint;
  readonly child: Child;
}

/** Starts a gateway in front of the simulator on `upstreamPort`; rejects with the reason where it cannot be had. */
export type StartGateway = (upstreamPort: number) => Promise<Gateway>;

/** The port that stands for the simulator's in the configurations. */
const WRITTEN = "127.0.0.1:8090";
export const PATH = "/v1/chat/completions";
let configurations = 0;

/** A configuration, named from this folder, with the real port in it: its text. */
export function configurationText(file: string, upstreamPort: number): string {
  const text = readFileSync(join(import.meta.dir, file), "utf8");
  return text.replaceAll(WRITTEN, `127.0.0.1:${upstreamPort}`);
}

/** The same, written to a directory of its own that is removed with the bench: its path. */
export function writeConfiguration(file: string, upstreamPort: number): string {
  const directory = join(temporaryDirectory(), `configuration-${++configurations}`);
  mkdirSync(directory, { recursive: true });
  const path = join(directory, basename(file));
  writeFileSync(path, configurationText(file, upstreamPort));
  return path;
}

const START_WAIT_MS = 60_000;
const POLL_MS = 100;

/** Resolves once `isReady` does with true; rejects when the process ends before, or after a minute. */
export async function whenReady(
  name: string,
  child: Child,
  isReady: () => Promise<string | null>,
): Promise<void> {
  const until = performance.now() + START_WAIT_MS;
  let last = "nothing listened";
  while (performance.now() < until && programName(child.pid) !== null) {
    const missing = await isReady();
    if (missing === null) return;
    last = missing;
    await Bun.sleep(POLL_MS);
  }
  await child.stop();
  throw new Error(`${name} did not answer (${last}): ${lastWords(child) || "it printed nothing"}`);
}
