/** Starts the upstream that streams, in a process of its own. */
import { join } from "node:path";
import type { Target } from "../load.ts";
import { freePort, startChild } from "../processes.ts";
import { firstAnswer } from "../readiness.ts";

export async function startStreamingUpstream(): Promise<Target> {
  const port = await freePort();
  const command = [process.execPath, join(import.meta.dir, "slow-upstream.ts")];
  const child = startChild("streams", command, { env: { PORT: String(port) } });
  const target = { name: "streaming upstream", port, pid: child.pid, headers: {} };
  await firstAnswer(target, child);
  return target;
}
