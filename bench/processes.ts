/**
 * Processes that the bench starts: every one is ended by its pid, and the temporary directory removed, on
 * every way out. Owns their life; does not know what they are.
 */
import { mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { family } from "./proc.ts";

/** A long-running process; `log` is the path of what it printed. */
export interface Child {
  readonly pid: number;
  readonly log: string;
  /** Asks it to end, waits up to 5 s, then kills it with what it started. */
  stop(): Promise<void>;
}

export interface ChildOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

const STOP_WAIT_MS = 5_000;
/** By pid, with all that it was ever seen to start. */
const live = new Map<number, { readonly process: Bun.Subprocess; readonly members: Set<number> }>();
let directory: string | null = null;
let logs = 0;

/** A directory of this run under the system's temporary one; removed when the bench ends. */
export function temporaryDirectory(): string {
  directory ??= mkdtempSync(join(tmpdir(), "pointsman-bench-"));
  return directory;
}

/** Arranges that a signal or an error ends the bench in the ordinary way, by `exit`, with everything it started. */
export function endEverythingOnExit(): void {
  process.on("exit", endEverything);
  process.on("SIGINT", () => process.exit(130));
  process.on("SIGTERM", () => process.exit(143));
  process.on("SIGHUP", () => process.exit(129));
}

/** Kills everything at once and waits until it is gone. */
export async function endChildren(): Promise<void> {
  const ended = [...live.values()].map((child) => child.process.exited);
  for (const pid of live.keys()) killFamily(pid);
  await Promise.all(ended);
  live.clear();
}

function endEverything(): void {
  for (const pid of live.keys()) killFamily(pid);
  live.clear();
  if (directory !== null) rmSync(directory, { recursive: true, force: true });
  directory = null;
}

/** Starts `command`; its output goes to a file, so that reading it costs nobody time. */
export function startChild(name: string, command: readonly string[], options: ChildOptions = {}): Child {
  const log = join(temporaryDirectory(), `${name}-${++logs}.log`);
  const output = openSync(log, "w");
  const started = Bun.spawn([...command], {
    stdin: "ignore",
    stdout: output,
    stderr: output,
    env: { ...process.env, ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  live.set(started.pid, { process: started, members: new Set() });
  return { pid: started.pid, log, stop: () => stop(started) };
}

/** Remembers what `pid` has started by now, so that it can be ended even if `pid` itself dies first. */
export function noteFamily(pid: number): readonly number[] {
  const members = family(pid);
  for (const member of members) live.get(pid)?.members.add(member);
  return members;
}

async function stop(child: Bun.Subprocess): Promise<void> {
  if (!live.has(child.pid)) return;
  noteFamily(child.pid);
  child.kill("SIGTERM");
  await Promise.race([child.exited, Bun.sleep(STOP_WAIT_MS)]);
  killFamily(child.pid);
  await child.exited;
  live.delete(child.pid);
}

function killFamily(pid: number): void {
  for (const member of new Set([...(live.get(pid)?.members ?? []), ...family(pid)])) {
    try {
      process.kill(member, "SIGKILL");
    } catch {
      // Already gone.
    }
  }
}

/** Runs `command` to its end within `timeoutMs`; returns what it printed, or throws with the reason. */
export async function runTool(
  command: readonly string[],
  timeoutMs: number,
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const tool = Bun.spawn([...command], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    env: { ...process.env, ...env },
  });
  live.set(tool.pid, { process: tool, members: new Set() });
  const timer = setTimeout(() => killFamily(tool.pid), timeoutMs);
  try {
    const [printed, complaint, code] = await Promise.all([
      new Response(tool.stdout).text(),
      new Response(tool.stderr).text(),
      tool.exited,
    ]);
    if (code === 0) return printed;
    const reason = tool.signalCode === null ? `exit code ${code}` : `stopped after ${timeoutMs} ms`;
    throw new Error(`${command[0]}: ${reason}: ${(complaint || printed).trim().slice(-400)}`);
  } finally {
    clearTimeout(timer);
    live.delete(tool.pid);
  }
}

/** The last lines of a child's log, for the reason why it did not start. */
export function lastWords(child: Child): string {
  return readFileSync(child.log, "utf8").trim().split("\n").slice(-5).join(" | ").slice(-600);
}

/** A port on the loopback that is free at this moment. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}
