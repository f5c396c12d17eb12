import { beforeAll, describe, expect, test } from "bun:test";
import { explainRequest } from "../control/explain/explain-request.ts";
import { fakeDesk } from "../control/policy/fake-desk.ts";
import { compileSources } from "../control/policy/in-force/compile-sources.ts";
import { readPolicyFiles } from "../control/policy/sources/policy-files.ts";
import { FakeClock } from "../core/fake-clock.ts";
import type { ConfigSnapshot } from "../core/snapshot.ts";
import { fakeControlApp } from "../http/fake-control.ts";
import { createHealth } from "../resilience/health.ts";
import { recordOf } from "../store/decision-store.ts";
import { createMemoryStore } from "../store/memory/memory-store.ts";
import { fakeDecision } from "./fake-decision.ts";
import { type Asked, fakeProcess } from "./fake-ports.ts";
import { EXAMPLE_POLICY } from "./packaged.ts";

/** The gateway's real control interface, without sockets: what it answers must be what the commands read. */
async function realGateway(): Promise<(asked: Asked) => Promise<Response>> {
  const clock = new FakeClock();
  const snapshot = await exampleSnapshot();
  const health = createHealth(clock);
  health.reconfigure(snapshot.deployments, snapshot.circuit);
  const store = createMemoryStore();
  await store.decisions.append([fakeDecision(1), fakeDecision(2), fakeDecision(3)].map(recordOf));
  await store.activations.record({
    id: "act_1",
    at: clock.now(),
    actor: "start",
    source: EXAMPLE_POLICY,
    result: "activated",
    version: snapshot.version,
    previousVersion: null,
    changes: [],
    findings: [],
  });
  const app = fakeControlApp(fakeDesk({ clock }), {
    decisions: store.decisions,
    activations: store.activations,
    snapshot: () => snapshot,
    policyStatus: () => ({
      version: snapshot.version,
      environment: null,
      activatedAt: clock.now(),
      files: [EXAMPLE_POLICY],
      warnings: [],
      refused: null,
    }),
    healthReport: () => health.report(clock.now()),
    explain: (question) => explainRequest(question, { snapshot, health, clock }),
  });
  return async ({ method, url, body }) =>
    app(
      new Request(url, {
        method,
        ...(body !== null && {
          body: JSON.stringify(body),
          headers: { "content-type": "application/json" },
        }),
      }),
    );
}

async function exampleSnapshot(): Promise<ConfigSnapshot> {
  const { built } = compileSources(await readPolicyFiles(EXAMPLE_POLICY, null), {
    environment: null,
    credential: () => ({ type: "none" }),
    keyHash: () => null,
    simulatorUrl: null,
  });
  if (!built) throw new Error("The example policy does not compile.");
  return built.snapshot;
}

describe("against the gateway's own control interface", () => {
  let gateway: (asked: Asked) => Promise<Response>;
  beforeAll(async () => {
    gateway = await realGateway();
  });

  test.each([
    ["decisions list --limit 2 --outcome answered", 0, "dec_0003"],
    ["decisions list --before dec_0001000000000000000 --use-case support-chat", 0, "dec_0001"],
    ["decisions tail --count 3", 0, "dec_0002"],
    ["decisions show dec_0001", 0, "eu-west-1"],
    ["decisions show dec_nope", 1, ""],
    ["health", 0, "atlas-large-us"],
    ["policy status", 0, "example@"],
    ["policy history", 0, "activated"],
    ["explain Hey --use-case support-chat --url http://gw", 0, "primary"],
    ["explain Hey --use-case nope --url http://gw", 1, ""],
  ])("%s", async (line, exitCode, shown) => {
    for (const json of [[], ["--json"]]) {
      const shell = fakeProcess({ gateway });
      expect(await shell.run(...line.split(" "), ...json)).toBe(exitCode);
      expect(shell.stdout()).toContain(shown);
      if (exitCode === 0) expect(shell.stderr().replace(/^More: .*\n/, "")).toBe("");
    }
  });
});
