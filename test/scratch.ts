/** Folders for tests that need files: gone when their test file has ended, after a failure or an interrupt, too. */
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

const folders = new Set<string>();

// The runner fires no `exit` at its own end, but when a signal is heard.
process.on("exit", () => folders.forEach(remove));
process.once("SIGINT", () => process.exit(130));
process.once("SIGTERM", () => process.exit(143));

/**
 * To be called while a test file or a `describe` is being read: what Bun is given inside a hook or a test ends with
 * that hook or test.
 */
export function createScratch(): Scratch {
  const root = mkdtempSync(join(tmpdir(), "pointsman-scratch-"));
  let made = 0;
  folders.add(root);
  afterAll(() => remove(root));
  return {
    path: (name) => join(root, name),
    folder() {
      const folder = join(root, `folder-${++made}`);
      mkdirSync(folder);
      return folder;
    },
  };
}

/** A named pipe that nobody writes to: whoever opens it to read waits. */
export function makePipe(path: string): void {
  const made = Bun.spawnSync(["mkfifo", path]);
  if (!made.success) throw new Error(`mkfifo: ${made.stderr}`);
}

function remove(root: string): void {
  rmSync(root, { recursive: true, force: true });
  folders.delete(root);
}
