/** Lets other processes go first. Owns how a process of the gateway lowers its own priority. */
import { readdirSync } from "node:fs";
import { setPriority } from "node:os";

/** All threads that run by now; one that starts later has the priority of the thread that starts it. */
export function giveWay(niceness: number): void {
  for (const thread of threads()) {
    try {
      setPriority(thread, niceness);
    } catch {
      // It has ended, or the system does not allow it: the work is done all the same.
    }
  }
}

/** Linux gives each thread a priority of its own, and a new one that of the thread that starts it. */
function threads(): readonly number[] {
  try {
    return readdirSync("/proc/self/task").map(Number);
  } catch {
    return [process.pid];
  }
}
