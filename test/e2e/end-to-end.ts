/** An end-to-end file from start to end: its tests' time, its folders, and every process that it started. */
import { afterAll, setDefaultTimeout } from "bun:test";
import type { ChildProcess } from "node:child_process";
import { createScratch, type Scratch } from "../scratch.ts";

/** Of one test or hook: gateways are started and stopped in it, on machines that have other things to do. */
const TEST_LIMIT_MS = 60_000;
/** For what a process does when it is asked to end. */
const END_LIMIT_MS = 10_000;

interface CurrentFile {
  readonly scratch: Scratch;
  readonly processes: Set<ChildProcess>;
}

let current: CurrentFile | null = null;

// When the run is interrupted; scratch.ts makes an exit of the signal.
process.on("exit", () => current?.processes.forEach(killGroup));

/**
 * To be called once, at the top of an end-to-end file. When the file has ended, what it started is ended and its
 * folders are removed, also where a hook failed or a test ran out of time.
 */
export function endToEnd(): Scratch {
  const processes = new Set<ChildProcess>();
  setDefaultTimeout(TEST_LIMIT_MS);
  // Registered before the folders are: nobody writes to them any more when they go.
  afterAll(async () => {
    current = null;
    await Promise.all([...processes].map(endProcess));
  });
  current = { scratch: createScratch(), processes };
  return current.scratch;
}

/** A new folder of the file that runs. */
export function folderOfFile(): string {
  return currentFile().scratch.folder();
}

/** Ends `child` with the file that runs, if it is still there then. */
export function endWithFile<Child extends ChildProcess>(child: Child): Child {
  const { processes } = currentFile();
  processes.add(child);
  child.once("exit", () => processes.delete(child));
  return child;
}

/** Asks it to end, and kills it with what it started if it does not within 10 s. */
export async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.kill("SIGINT");
  const forced = setTimeout(() => killGroup(child), END_LIMIT_MS);
  await ended;
  clearTimeout(forced);
}

/** At once, with all of its group where it has one of its own. */
export function killGroup(child: ChildProcess): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
  } catch {
    child.kill("SIGKILL");
  }
}

function currentFile(): CurrentFile {
  if (current === null) throw new Error("Call endToEnd() at the top of this test file.");
  return current;
}
