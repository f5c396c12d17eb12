/**
 * An endpoint whose name has no address. The name is one that no resolver would ask anybody for, since a label of it
 * is longer than names can have: what fails is the lookup, and no packet leaves this machine.
 */
import { beforeAll, expect, test } from "bun:test";
import { endToEnd } from "./end-to-end.ts";
import { admin, chat, decisionOf, type RunningGateway, startGateway } from "./harness.ts";
import { INSTANT } from "./policies.ts";

endToEnd();

const NOWHERE = `${"x".repeat(64)}.invalid`;
let gateway: RunningGateway;

beforeAll(async () => {
  const policy = `version: 1
name: nowhere
providers:
  lost: { kind: openai-compatible, base_url: "http://${NOWHERE}/v1" }
  sim: { kind: simulator }
models:
  atlas: { context_window: 32000, prices: { input: 3, output: 15 } }
deployments:
  atlas-lost: { model: atlas, provider: lost, model_id: atlas-v1, region: us-east-1 }
  atlas-eu: { model: atlas, provider: sim, model_id: atlas-v1, region: eu-west-1 }
use_cases:
  support-chat:
    latency_tier: interactive
    deadline: 4s
    ladder: { primary: atlas@us-east-1, cross_region: auto }
  alone-chat:
    latency_tier: interactive
    deadline: 4s
    ladder: { primary: atlas@us-east-1, cross_region: none }
circuit: { consecutive_failures: 5, open_for: 30s }
`;
  gateway = await startGateway({ policy, scenario: INSTANT });
});

test("the region is left at once, and the record says why", async () => {
  for (const stream of [false, true]) {
    const response = await chat(gateway, { stream });
    await response.text();
    expect(response.headers.get("x-pointsman-rung")).toBe("cross-region");
    const { attempts } = await decisionOf(gateway, response);
    expect(attempts[0]).toMatchObject({
      deployment: "atlas-lost",
      fault: { kind: "outage", code: "dns_failure" },
    });
    expect(attempts[1]).toMatchObject({ deployment: "atlas-eu", result: "ok" });
    // Well within the limit for a connection: nothing was waited for.
    expect(attempts[0]?.durationMs).toBeLessThan(1000);
  }
});

test("with nowhere else to go: 503, without the name, and the circuit opens after five", async () => {
  for (let call = 0; call < 5; call++) {
    const response = await chat(gateway, { model: "alone-chat" });
    expect(response.status).toBe(503);
    expect(await response.text()).not.toContain(NOWHERE);
  }
  const health = JSON.stringify(await admin(gateway, "/admin/health"));
  expect(health).toContain('"state":"open"');
  const response = await chat(gateway, {});
  await response.text();
  const { attempts } = await decisionOf(gateway, response);
  expect(attempts[0]).toMatchObject({ result: "skipped", skipped: "circuit_open" });
});
