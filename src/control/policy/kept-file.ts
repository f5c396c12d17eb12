/** A value that a later process is to find: one JSON file, replaced whole. Owns the way it is written and read. */
import { randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { z } from "zod";

/** `directory`: null where this process keeps nothing; then nothing is written, and nothing is found. */
export interface KeptFile<Value> {
  /**
   * Null: there is none from now on. A crash leaves the old one or the new one, never half of either; so do several
   * processes that save at once.
   */
  save(directory: string | null, value: Value | null): Promise<void>;
  /** Null when there is none, or none that can be read. */
  load(directory: string | null): Promise<Value | null>;
}

export function keptFile<Value>(name: string, schema: z.ZodType<Value>): KeptFile<Value> {
  return {
    async save(directory, value) {
      if (directory === null) return;
      if (value === null) await rm(join(directory, name), { force: true });
      else await replaceFile(directory, name, JSON.stringify(value));
    },
    async load(directory) {
      if (directory === null) return null;
      await removeLeftovers(directory, name).catch(() => {});
      try {
        return schema.parse(JSON.parse(await readFile(join(directory, name), "utf8")));
      } catch {
        return null;
      }
    },
  };
}

const UNFINISHED = ".new";
/** One that is being written is younger. */
const LEFT_MS = 60_000;

/** Makes its folder where there is none. Another process may do the same at this moment. */
async function replaceFile(directory: string, name: string, text: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  const unfinished = join(directory, `${name}.${randomBytes(6).toString("hex")}${UNFINISHED}`);
  try {
    await writeFile(unfinished, text);
    await rename(unfinished, join(directory, name));
  } catch (thrown) {
    await rm(unfinished, { force: true }).catch(() => {});
    throw thrown;
  }
}

/** What processes left that were killed in the middle. */
async function removeLeftovers(directory: string, name: string): Promise<void> {
  for (const found of await readdir(directory)) {
    if (!found.startsWith(`${name}.`) || !found.endsWith(UNFINISHED)) continue;
    const path = join(directory, found);
    if (Date.now() - (await stat(path)).mtimeMs > LEFT_MS) await rm(path, { force: true });
  }
}
