/** Folders for tests that need files: gone when their test file has ended, also after a failure. */
import { afterAll } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Scratch {
  /** Where a file of this name would be; nothing is made. */
  path(name: string): string;
  /** A new, empty folder. */
  folder(): string;
}

/**
 * To be called while a test file or a `describe` is being read: what Bun is given inside a hook or a test ends with
 * that hook or test, and its runner fires no `exit` on which all could be removed at once.
 */
export function createScratch(): Scratch {
  const root = mkdtempSync(join(tmpdir(), "pointsman-scratch-"));
  let folders = 0;
  afterAll(() => rmSync(root, { recursive: true, force: true }));
  return {
    path: (name) => join(root, name),
    folder() {
      const folder = join(root, `folder-${++folders}`);
      mkdirSync(folder);
      return folder;
    },
  };
}
