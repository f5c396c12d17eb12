/** A value that a later process is to find: one JSON file, replaced whole. Owns the way it is written and read. */
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { z } from "zod";

/** `directory`: null where this process keeps nothing; then nothing is written, and nothing is found. */
export interface KeptFile<Value> {
  /** Null: there is none from now on. A crash leaves the old one or the new one, never half of either. */
  save(directory: string | null, value: Value | null): Promise<void>;
  /** Null when there is none, or none that can be read. */
  load(directory: string | null): Promise<Value | null>;
}

export function keptFile<Value>(name: string, schema: z.ZodType<Value>): KeptFile<Value> {
  return {
    async save(directory, value) {
      if (directory === null) return;
      const path = join(directory, name);
      if (value === null) await rm(path, { force: true });
      else await replaceFile(path, JSON.stringify(value));
    },
    async load(directory) {
      if (directory === null) return null;
      try {
        return schema.parse(JSON.parse(await readFile(join(directory, name), "utf8")));
      } catch {
        return null;
      }
    },
  };
}

/** Makes its folder where there is none. */
async function replaceFile(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(`${path}.new`, text);
  await rename(`${path}.new`, path);
}
