/** A gateway of the bench's own with a bad canary, which is called back while requests go on. Owns the starting. */
import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { endEverythingOnExit, freePort, startChild, temporaryDirectory } from "../processes.ts";
import { measureRollback, type RollbackFigures } from "../rollback.ts";

const ROOT = join(import.meta.dir, "..", "..");
const START_WAIT_MS = 15_000;

const POLICY = `version: 1
name: rollback
providers: { sim: { kind: simulator } }
models:
  good: { context_window: 128000, prices: { input: 1, output: 1 } }
  bad: { context_window: 128000, prices: { input: 1, output: 1 } }
deployments:
  good-us: { model: good, provider: sim, model_id: g, region: us-east-1 }
  bad-us: { model: bad, provider: sim, model_id: b, region: us-east-1 }
use_cases:
  chat: { ladder: { primary: good } }
rollouts:
  - { name: bad-canary, use_case: chat, canary: { candidate: bad, weight: 50 } }
`;

/** 200 requests a second; the command comes after a second. */
export async function rollbackAtOwnGateway(perSecond = 200): Promise<RollbackFigures> {
  endEverythingOnExit();
  const directory = temporaryDirectory();
  const key = `pm-${randomBytes(24).toString("hex")}`;
  const [policy, scenario] = [join(directory, "rollback.yaml"), join(directory, "rollback-scenario.yaml")];
  writeFileSync(policy, POLICY);
  writeFileSync(scenario, "version: 1\nseed: 7\n");
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const places = ["--policy", policy, "--scenario", scenario, "--data", join(directory, "rollback-data")];
  const child = startChild(
    "rollback",
    [join(ROOT, "bin", "pointsman"), "up", "--demo", "--port", String(port), ...places],
    { env: { POINTSMAN_DEMO_KEY: key } },
  );
  const headers = { authorization: `Bearer ${key}` };
  try {
    await untilReady(url, () => readFileSync(child.log, "utf8"));
    return await measureRollback({
      urls: [url],
      headers,
      model: "chat",
      arm: "bad-canary/candidate",
      perSecond,
      beforeMs: 1_000,
      afterMs: 2_000,
      async command() {
        const said = await fetch(`${url}/admin/rollouts/bad-canary/abort`, {
          method: "POST",
          headers: { ...headers, "content-type": "application/json" },
          body: "{}",
        });
        if (!said.ok) throw new Error(`the abort was refused: ${await said.text()}`);
      },
    });
  } finally {
    await child.stop();
  }
}

async function untilReady(url: string, said: () => string): Promise<void> {
  const deadline = performance.now() + START_WAIT_MS;
  while (performance.now() < deadline) {
    const ready = await fetch(`${url}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (ready) return;
    await Bun.sleep(20);
  }
  throw new Error(`the gateway did not start: ${said()}`);
}
