/** Waits for the first successful answer of something that was just started. Owns the asking. */
import type { Target } from "./load.ts";
import { PATH, requestBody } from "./payload.ts";
import { programName } from "./proc.ts";
import { type Child, lastWords } from "./processes.ts";

const START_WAIT_MS = 15_000;
const POLL_MS = 2;

/**
 * Asks `target` every 2 ms until a chat request is answered with 200. When `child` ends before, or 15 s
 * have passed, it is stopped and what it said last is thrown.
 */
export async function firstAnswer(target: Target, child: Child): Promise<void> {
  const deadline = performance.now() + START_WAIT_MS;
  let last = "nothing listened";
  while (performance.now() < deadline && programName(child.pid) !== null) {
    last = await ask(target);
    if (last === "") return;
    await Bun.sleep(POLL_MS);
  }
  await child.stop();
  throw new Error(`${target.name} did not answer (${last}): ${lastWords(child) || "it printed nothing"}`);
}

/** Empty after a 200; otherwise what went wrong. */
async function ask(target: Target): Promise<string> {
  try {
    const response = await fetch(`http://127.0.0.1:${target.port}${PATH}`, {
      method: "POST",
      headers: { "content-type": "application/json", ...target.headers },
      body: requestBody("chat"),
      signal: AbortSignal.timeout(5_000),
    });
    const text = await response.text();
    return response.status === 200 ? "" : `status ${response.status}: ${text.slice(0, 300)}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
