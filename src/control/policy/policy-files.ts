/** A policy on disk: the base, its overlay for an environment, and the copy of the last good one. */
import { existsSync } from "node:fs";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname, extname, join } from "node:path";
import { z } from "zod";
import type { Clock, Timer } from "../../core/clock.ts";
import type { PolicySource } from "../../policy/load.ts";

/** `policy.yaml` in environment `prod` is overlaid by `policy.prod.yaml` beside it, where that exists. */
export async function readPolicyFiles(
  file: string,
  environment: string | null,
): Promise<readonly PolicySource[]> {
  const sources = [{ file, text: await readFile(file, "utf8") }];
  const overlay = environment === null ? null : overlayPath(file, environment);
  if (overlay !== null && existsSync(overlay)) {
    sources.push({ file: overlay, text: await readFile(overlay, "utf8") });
  }
  return sources;
}

function overlayPath(file: string, environment: string): string {
  const extension = extname(file);
  return `${file.slice(0, file.length - extension.length)}.${environment}${extension}`;
}

/**
 * Calls `onChange` when the texts differ from `initial` or from the last call, at most every `intervalMs`.
 * Reading the content beats file-system events: editors rename, Kubernetes swaps links, networks say nothing.
 */
export function watchPolicyFiles(
  read: () => Promise<readonly PolicySource[]>,
  initial: readonly PolicySource[],
  intervalMs: number,
  clock: Clock,
  onChange: (sources: readonly PolicySource[]) => Promise<void>,
): { stop(): void } {
  let seen = fingerprint(initial);
  let timer: Timer | null = null;
  let stopped = false;
  const look = async (): Promise<void> => {
    try {
      const sources = await read();
      const print = fingerprint(sources);
      if (print !== seen) {
        seen = print;
        await onChange(sources);
      }
    } catch {
      // The file is being replaced, or gone: the policy in force goes on, and the next look tries again.
    }
    if (!stopped) timer = clock.after(intervalMs, () => void look());
  };
  timer = clock.after(intervalMs, () => void look());
  return {
    stop() {
      stopped = true;
      timer?.cancel();
    },
  };
}

function fingerprint(sources: readonly PolicySource[]): string {
  return JSON.stringify(sources.map((source) => [source.file, source.text]));
}

const lastGoodSchema = z.array(z.object({ file: z.string(), text: z.string() })).min(1);

/** Replaces the copy atomically: a crash leaves the old one or the new one, never half of either. */
export async function saveLastGood(directory: string, sources: readonly PolicySource[]): Promise<void> {
  const path = lastGoodPath(directory);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(`${path}.new`, JSON.stringify(sources));
  await rename(`${path}.new`, path);
}

/** Null when there is none, or none that can be read. */
export async function loadLastGood(directory: string): Promise<readonly PolicySource[] | null> {
  try {
    return lastGoodSchema.parse(JSON.parse(await readFile(lastGoodPath(directory), "utf8")));
  } catch {
    return null;
  }
}

function lastGoodPath(directory: string): string {
  return join(directory, "last-good-policy.json");
}
