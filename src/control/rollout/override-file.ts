/** Orders over rollouts, kept in the data directory. Owns the file. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { replaceFile } from "../policy/policy-files.ts";
import { bookSchema, type KeptBook } from "./override-book.ts";

/** Null where there is none, or none that can be read. */
export async function loadOverrides(directory: string): Promise<KeptBook | null> {
  try {
    return bookSchema.parse(JSON.parse(await readFile(pathIn(directory), "utf8")));
  } catch {
    return null;
  }
}

/** Rejects with what the file system throws. */
export async function saveOverrides(directory: string, book: KeptBook): Promise<void> {
  await replaceFile(pathIn(directory), JSON.stringify(book));
}

function pathIn(directory: string): string {
  return join(directory, "rollout-overrides.json");
}
