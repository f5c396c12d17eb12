/**
 * What the kernel says about processes: family, CPU time, resident memory. Owns reading /proc (Linux);
 * starts and ends nothing.
 */
import { readdirSync, readFileSync } from "node:fs";

/** Microseconds of one clock tick in /proc: USER_HZ is 100 on every Linux that Bun runs on. */
const TICK_US = 10_000;

/** Fields of /proc/<pid>/stat (man 5 proc), counted from the state, which follows the name in brackets. */
const PARENT = 1;
const CPU_FIELDS = [11, 12, 13, 14] as const;

/** Fields after the process's name, or null when the process is gone. */
function readStat(pid: number): readonly string[] | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  } catch {
    return null;
  }
}

/** `pid` and everything it started that is still there, the oldest generation first. */
export function family(pid: number): readonly number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync("/proc")) {
    const candidate = Number(name);
    if (!Number.isInteger(candidate)) continue;
    const parent = Number(readStat(candidate)?.[PARENT] ?? -1);
    children.set(parent, [...(children.get(parent) ?? []), candidate]);
  }
  const found = [pid];
  for (let i = 0; i < found.length; i++) found.push(...(children.get(found[i] ?? -1) ?? []));
  return found;
}

/**
 * CPU microseconds, user and system, that `pid` has used with all its threads and children (those that
 * ended among them) since it started. The kernel scales user and system so that their sum is exact to a
 * tick: 10 ms over a second of load is 1 %.
 */
export function cpuMicroseconds(pid: number): number {
  let ticks = 0;
  for (const member of family(pid)) {
    const stat = readStat(member);
    for (const field of CPU_FIELDS) ticks += Number(stat?.[field] ?? 0);
  }
  return ticks * TICK_US;
}

/** Resident bytes of `pid` and its children. */
export function residentBytes(pid: number): number {
  let kilobytes = 0;
  for (const member of family(pid)) {
    try {
      const status = readFileSync(`/proc/${member}/status`, "latin1");
      kilobytes += Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0);
    } catch {
      // It ended between the listing and the reading.
    }
  }
  return kilobytes * 1024;
}

/** The name of the program a process runs, or null when it is gone. */
export function programName(pid: number): string | null {
  try {
    return readFileSync(`/proc/${pid}/comm`, "latin1").trim();
  } catch {
    return null;
  }
}
