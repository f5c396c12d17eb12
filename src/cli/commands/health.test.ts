import { describe, expect, test } from "bun:test";
import type { HealthReport } from "../../resilience/health.ts";
import { fakeProcess } from "../fake-ports.ts";
import { instant } from "../format.ts";

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
    lastProbe: null,
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
      { depth: { ready: 3, delayed: 2, inHand: 1, dead: 4 }, problem: null },
      "Queue of jobs: 3 waiting, 2 delayed, 1 in hand, 4 dead",
    ],
    [{ depth: null, problem: "It is gone." }, "Queue of jobs: It is gone."],
  ])("the queue is said below the table: %j", async (queue, words) => {
    const shell = fakeProcess({ gateway: () => Response.json({ deployments: [report()], queue }) });
    expect(await shell.run("health")).toBe(0);
    expect(shell.stdout()).toContain(words);
  });

  test.each([
    [
      "open",
      { state: "open", reason: "failure_ratio", nextProbeAt: NOW + 4_000 },
      "opened by failure ratio, probe in 4 s",
    ],
    ["forced", { state: "open", reason: "forced", nextProbeAt: null }, "forced open until it is reset"],
    [
      "forced for a time",
      { state: "open", reason: "forced", nextProbeAt: NOW + 4_000 },
      `forced open until ${instant(NOW + 4_000)} UTC, then probed`,
    ],
    [
      "forced until lately",
      { state: "open", reason: "forced", nextProbeAt: NOW - 1 },
      "was forced open, probing",
    ],
    [
      "half-open",
      { state: "half-open", reason: "failures", nextProbeAt: NOW },
      "opened by failures, probing",
    ],
    [
      "a failed probe",
      {
        state: "open",
        reason: "failures",
        lastProbe: { at: NOW - 3000, ok: false, code: "outage", durationMs: 9 },
      },
      "opened by failures, probe failed 3 s ago (outage)",
    ],
    ["cooling down", { cooldownUntil: NOW + 90_000 }, "cooling down for 1 m 30 s"],
  ] as const)("%s is noted, and exit code 1", async (_name, changes, note) => {
    const shell = fakeProcess({ gateway: gatewayWith(report(), report(changes)) });
    expect(await shell.run("health")).toBe(1);
    expect(shell.stdout()).toContain(note);
  });

  test("what is left of a time is by the gateway's own", async () => {
    const row = report({ cooldownUntil: NOW + 3_690_000 });
    const shell = fakeProcess({ gateway: () => Response.json({ at: NOW + 3_600_000, deployments: [row] }) });
    expect(await shell.run("health")).toBe(1);
    expect(shell.stdout()).toContain("cooling down for 1 m 30 s");
  });

  test("--json prints the report as it came", async () => {
    const shell = fakeProcess({ gateway: gatewayWith(report()) });
    expect(await shell.run("health", "--json")).toBe(0);
    expect(JSON.parse(shell.stdout())).toEqual({ deployments: [report()] });
  });
});

describe("an operator's orders", () => {
  const answers = (row: HealthReport) => () => Response.json(row);

  test("force-open says for how long and why, and prints until when", async () => {
    const row = report({ state: "open", reason: "forced", nextProbeAt: NOW + 600_000 });
    const shell = fakeProcess({ gateway: answers(row) });
    const args = ["health", "force-open", "atlas-large-us", "--for", "10m", "--reason", "their maintenance"];
    expect(await shell.run(...args)).toBe(0);
    expect(shell.asked[0]).toMatchObject({
      method: "POST",
      path: "/admin/health/atlas-large-us/force-open",
      body: { for: "600000ms", reason: "their maintenance" },
    });
    expect(shell.stdout()).toContain("atlas-large-us is open until 2023-11-14 22:23:20 UTC.");
  });

  test("without --for it lasts until a reset", async () => {
    const row = report({ state: "open", reason: "forced" });
    const shell = fakeProcess({ gateway: answers(row) });
    expect(await shell.run("health", "force-open", "atlas-large-us")).toBe(0);
    expect(shell.asked[0]?.body).toEqual({});
    expect(shell.stdout()).toContain("is open until it is reset.");
  });

  test("one that the gateway's store has not taken yet comes with a warning", async () => {
    const row = report({ state: "open", reason: "forced" });
    const shell = fakeProcess({ gateway: () => Response.json({ ...row, kept: false }) });
    expect(await shell.run("health", "force-open", "atlas-large-us")).toBe(0);
    expect(shell.stdout()).toContain("a restart now would lose it");
  });

  test("reset closes, at the gateway that was named", async () => {
    const shell = fakeProcess({ gateway: answers(report()) });
    const args = ["health", "reset", "atlas-large-us", "--url", "http://10.0.0.7:9", "--api-key", "pm_ops"];
    expect(await shell.run(...args)).toBe(0);
    expect(shell.asked[0]).toMatchObject({
      url: "http://10.0.0.7:9/admin/health/atlas-large-us/reset",
      authorization: "Bearer pm_ops",
    });
    expect(shell.stdout()).toContain("atlas-large-us is closed: requests are sent to it.");
  });

  test("reset of what has been told to rest again says until when", async () => {
    const shell = fakeProcess({ gateway: answers(report({ cooldownUntil: NOW + 600_000 })) });
    expect(await shell.run("health", "reset", "atlas-large-us")).toBe(0);
    expect(shell.stdout()).toContain("nothing is sent to it until 2023-11-14 22:23:20 UTC.");
  });

  test("an unknown deployment is not right", async () => {
    const error = {
      message: "No such deployment.",
      type: "not_found",
      code: "unknown_deployment",
      param: null,
    };
    const shell = fakeProcess({ gateway: () => Response.json({ error }, { status: 404 }) });
    expect(await shell.run("health", "reset", "nothing")).toBe(1);
    expect(shell.stderr()).toContain("No such deployment.");
  });

  test("a duration without a unit is wrong usage", async () => {
    const shell = fakeProcess({ gateway: answers(report()) });
    expect(await shell.run("health", "force-open", "atlas-large-us", "--for", "10")).toBe(2);
    expect(shell.asked).toEqual([]);
  });
});
