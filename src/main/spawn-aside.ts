/**
 * Processes of the gateway's own beside it, for work that could hold up its requests or take them along. Owns what they
 * get of it: nothing but questions.
 */
import { dirname } from "node:path";
import type { Subprocess } from "bun";
import { programModule } from "../core/program-files.ts";

/** What such a process does to whoever started it. */
export interface AsideEvents<Word> {
  said(word: Word): void;
  ended(): void;
}

/**
 * Starts `module` (as `programModule` names it) with its niceness as its argument: without the gateway's environment,
 * which holds its secrets, and without its output, since what it is asked about is not to be printed by a failure. It
 * does not keep the gateway running. Throws where it cannot be started.
 */
export function spawnAside<Word>(
  module: string,
  niceness: number,
  { said, ended }: AsideEvents<Word>,
): Subprocess {
  const entry = programModule(module);
  const child = Bun.spawn([process.execPath, entry, String(niceness)], {
    // No file of settings lies there.
    cwd: dirname(entry),
    stdin: "ignore",
    stdout: "ignore",
    stderr: "ignore",
    env: {},
    serialization: "advanced",
    ipc: said,
    onExit: ended,
  });
  child.unref();
  return child;
}
