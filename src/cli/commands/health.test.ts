import { describe, expect, test } from "bun:test";
import type { HealthReport } from "../../resilience/health.ts";
import { fakeProcess } from "../fake-ports.ts";

const NOW = 1_700_000_000_000;

function report(changes: Partial<HealthReport> = {}): HealthReport {
  return {
    deployment: "atlas-large-us",
    model: "atlas-large",
    provider: "sim",
    region: "us-east-1",
    quotaGroup: "sim/us-east-1/atlas-large",
    state: "closed",
    since: NOW - 60_000,
    reason: null,
    nextProbeAt: null,
    cooldownUntil: null,
    inFlight: 2,
    firstTokenMs: 80.4,
    firstTokenP95Ms: 120,
    calls: 40,
    failures: 3,
    slow: 0,
    ...changes,
  };
}

const gatewayWith =
  (...deployments: readonly HealthReport[]) =>
  () =>
    Response.json({ deployments });

describe("health", () => {
  test("all closed: a table and exit code 0", async () => {
    const shell = fakeProcess({ gateway: gatewayWith(report()) });
    expect(await shell.run("health")).toBe(0);
    expect(shell.asked[0]?.path).toBe("/admin/health");
    expect(shell.stdout()).toMatch(
      /atlas-large-us +atlas-large +us-east-1 +closed +2 +80 ms +120 ms +3\/40$/m,
    );
  });

  test.each([
    [
      "open",
      { state: "open", reason: "failure_ratio", nextProbeAt: NOW + 4_000 },
      "opened by failure ratio, probe in 4 s",
    ],
    [
      "half-open",
      { state: "half-open", reason: "failures", nextProbeAt: NOW },
      "opened by failures, probing",
    ],
    ["cooling down", { cooldownUntil: NOW + 90_000 }, "cooling down for 1 m 30 s"],
  ] as const)("%s is noted, and exit code 1", async (_name, changes, note) => {
    const shell = fakeProcess({ gateway: gatewayWith(report(), report(changes)) });
    expect(await shell.run("health")).toBe(1);
    expect(shell.stdout()).toContain(note);
  });

  test("--json prints the report as it came", async () => {
    const shell = fakeProcess({ gateway: gatewayWith(report()) });
    expect(await shell.run("health", "--json")).toBe(0);
    expect(JSON.parse(shell.stdout())).toEqual({ deployments: [report()] });
  });
});
