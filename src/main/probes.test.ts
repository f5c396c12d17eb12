import { expect, test } from "bun:test";
import { FakeClock } from "../core/fake-clock.ts";
import type { ProbeSettings } from "../core/settings.ts";
import { BASE_POLICY, snapshotOf } from "../policy/fake-policy.ts";
import { fetchTransport } from "../providers/fetch-transport.ts";
import { createHealth } from "../resilience/health.ts";
import { startProbes } from "./probes.ts";

const defect = new TypeError("no such function");

test("what making a probe throws is reported with its deployment, and no probe is counted", async () => {
  const clock = new FakeClock();
  const health = createHealth(clock);
  const policy = snapshotOf(BASE_POLICY);
  const [first] = policy.deployments.values();
  if (first === undefined) throw new Error("no deployment");
  const settings: ProbeSettings = { everyMs: 4000, timeoutMs: 1000, when: "always", prompt: "ping" };
  health.reconfigure(policy.deployments, policy.circuit);
  const reported = Promise.withResolvers<readonly [string, unknown]>();
  const made: string[] = [];
  const prober = startProbes({
    clock,
    random: () => 0.5,
    health,
    authorize: () => undefined,
    transport: {
      ...fetchTransport,
      get limitsConnect(): boolean {
        throw defect;
      },
    },
    snapshot: () => ({ ...policy, probes: new Map([[first.id, settings]]) }),
    onProbe: ({ id }) => void made.push(id),
    reportThrown: ({ id }, thrown) => reported.resolve([id, thrown]),
  });
  await clock.advance(6000);
  expect(await reported.promise).toEqual([first.id, defect]);
  expect(made).toEqual([]);
  await prober.stop();
});
