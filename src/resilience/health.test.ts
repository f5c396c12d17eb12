import { describe, expect, test } from "bun:test";
import type { Deployment } from "../core/deployment.ts";
import { FakeClock } from "../core/fake-clock.ts";
import { byId, circuitSettings, deployment } from "./fake-plan.ts";
import { createHealth, type Health } from "./health.ts";

function setUp(...deployments: Deployment[]): { health: Health; clock: FakeClock } {
  const clock = new FakeClock();
  const health = createHealth(clock);
  health.reconfigure(byId(deployments), circuitSettings);
  return { health, clock };
}

function settle(health: Health, id: string, verdict: "good" | "bad", now: number, firstTokenMs?: number) {
  const permit = health.admit(id, now);
  if (typeof permit === "string") throw new Error(permit);
  permit.settle(verdict, now, firstTokenMs);
}

describe("createHealth", () => {
  test("counts a call as in flight until its permit is settled, once", () => {
    const { health, clock } = setUp(deployment("a"));
    const [first, second] = [health.admit("a", clock.now()), health.admit("a", clock.now())];
    if (typeof first === "string" || typeof second === "string") throw new Error("refused");
    expect(health.inFlight("a")).toBe(2);
    first.settle("good", clock.now(), 250);
    first.settle("good", clock.now(), 250);
    expect(health.inFlight("a")).toBe(1);
    expect(health.firstTokenMs("a")).toBe(250);
  });

  test("what nothing has happened to is reported, ordered about and cooled like the rest", () => {
    const shared = { quotaGroup: "acme/us" };
    const { health, clock } = setUp(deployment("a", shared), deployment("b", shared), deployment("c"));
    const now = clock.now();
    settle(health, "a", "good", now, 120);
    expect(health.report(now).map((row) => [row.deployment, row.state, row.inFlight])).toEqual([
      ["a", "closed", 0],
      ["b", "closed", 0],
      ["c", "closed", 0],
    ]);
    health.coolUntil("acme/us", now + 1000);
    expect([health.healthy("b"), health.healthy("c")]).toEqual([false, true]);
    expect(health.report(now).map(({ cooldownUntil }) => cooldownUntil)).toEqual([
      now + 1000,
      now + 1000,
      null,
    ]);
    expect(health.blockedUntil("b", now)).toBe(now + 1000);
    expect(health.forceOpen("c", "ops")).toBeTrue();
    expect(health.healthy("c")).toBeFalse();
    // Over a change of policy what is known stays, also of a group whose deployment was never called.
    health.reconfigure(byId([deployment("b", shared), deployment("c")]), circuitSettings);
    expect([health.healthy("b"), health.healthy("c")]).toEqual([false, false]);
    expect(health.forceOpen("a", "ops")).toBeFalse();
  });

  test("an open circuit refuses, and passes a call only anyway", () => {
    const { health, clock } = setUp(deployment("a"));
    for (let count = 0; count < 3; count++) settle(health, "a", "bad", clock.now());
    expect(health.healthy("a")).toBe(false);
    expect(health.admit("a", clock.now())).toBe("circuit_open");
    expect(health.openReason("a")).toBe("failures");
    expect(health.blockedUntil("a", clock.now())).toBe(clock.now() + circuitSettings.openMs);
    expect(typeof health.admit("a", clock.now(), "anyway")).toBe("object");
    expect(health.inFlight("a")).toBe(1);
  });

  test("a cooldown holds for the whole quota group, the newest wish wins, and it ends by itself", () => {
    const shared = { quotaGroup: "acme/us" };
    const { health, clock } = setUp(deployment("a", shared), deployment("b", shared), deployment("c"));
    const now = clock.now();
    health.coolUntil("acme/us", now + 5000);
    health.coolUntil("acme/us", now + 2000);
    expect(health.admit("b", now)).toBe("cooling_down");
    expect(health.admit("b", now, "anyway")).toBe("cooling_down");
    expect([health.healthy("a"), health.healthy("b"), health.healthy("c")]).toEqual([false, false, true]);
    expect(health.blockedUntil("a", now)).toBe(now + 2000);
    expect(health.report(now)[0]?.cooldownUntil).toBe(now + 2000);
    expect(health.blocked("a", now + 2000)).toBeNull();
    expect(health.report(now + 2000)[0]?.cooldownUntil).toBeNull();
  });

  test("blocked by circuit and cooldown, it is free when both have ended", () => {
    const { health, clock } = setUp(deployment("a"));
    const now = clock.now();
    for (let count = 0; count < 3; count++) settle(health, "a", "bad", now);
    health.coolUntil("quota-of-a", now + 9000);
    expect(health.blockedUntil("a", now)).toBe(now + 9000);
    health.coolUntil("quota-of-a", now + 1000);
    expect(health.blockedUntil("a", now)).toBe(now + circuitSettings.openMs);
  });

  test("an activation keeps what stays, drops what is gone, and applies new settings", () => {
    const { health, clock } = setUp(deployment("stays"), deployment("goes"));
    const now = clock.now();
    settle(health, "stays", "bad", now, 100);
    health.coolUntil("quota-of-goes", now + 9000);
    health.reconfigure(byId([deployment("stays"), deployment("comes")]), {
      ...circuitSettings,
      consecutiveFailures: 2,
    });
    expect(health.report(now).map((row) => row.deployment)).toEqual(["stays", "comes"]);
    expect(health.firstTokenMs("stays")).toBe(100);
    settle(health, "stays", "bad", now);
    expect(health.healthy("stays")).toBe(false);
    health.reconfigure(byId([deployment("goes")]), circuitSettings);
    expect(health.healthy("goes")).toBe(true);
  });

  test("a deployment moved to another quota group follows that group's cooldown", () => {
    const { health, clock } = setUp(deployment("a", { quotaGroup: "old" }));
    health.coolUntil("old", clock.now() + 5000);
    health.reconfigure(byId([deployment("a", { quotaGroup: "new" })]), circuitSettings);
    expect(health.healthy("a")).toBe(true);
  });

  test("a call on a deployment the policy no longer has is let through, untracked", () => {
    const { health, clock } = setUp(deployment("a"));
    const gone = health.admit("gone", clock.now());
    if (typeof gone === "string") throw new Error(gone);
    gone.settle("bad", clock.now());
    health.coolUntil("quota-of-gone", clock.now() + 1000);
    expect([health.inFlight("gone"), health.firstTokenMs("gone"), health.healthy("gone")]).toEqual([
      0,
      0,
      true,
    ]);
    expect(health.report(clock.now())).toHaveLength(1);
  });

  test("an operator opens and resets; nothing passes by that", () => {
    const { health, clock } = setUp(deployment("a"));
    expect(health.forceOpen("a", "ops")).toBe(true);
    expect(health.admit("a", clock.now(), "anyway")).toBe("circuit_open");
    expect(health.blockedUntil("a", clock.now())).toBeNull();
    expect(health.reset("a", "ops")).toBe(true);
    expect(health.healthy("a")).toBe(true);
    expect([health.forceOpen("none", "ops"), health.reset("none", "ops")]).toEqual([false, false]);
  });

  test("a reset ends the cooldown of the whole quota group as well", () => {
    const shared = { quotaGroup: "acme/us" };
    const { health, clock } = setUp(deployment("a", shared), deployment("b", shared), deployment("c"));
    const now = clock.now();
    for (const group of ["acme/us", "quota-of-c"]) health.coolUntil(group, now + 86_400_000);
    expect(health.reset("a", "ops")).toBe(true);
    expect(["a", "b", "c"].map((id) => health.blocked(id, now))).toEqual([null, null, "cooling_down"]);
    expect(health.report(now)[0]?.cooldownUntil).toBeNull();
  });

  test("the report survives JSON as it is", () => {
    const { health, clock } = setUp(deployment("a", { region: "eu-1", quotaGroup: "q" }));
    settle(health, "a", "good", clock.now(), 200);
    const report = health.report(clock.now());
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
    expect(report[0]).toMatchObject({
      deployment: "a",
      model: "large",
      provider: "acme",
      region: "eu-1",
      quotaGroup: "q",
      state: "closed",
      reason: null,
      nextProbeAt: null,
      inFlight: 0,
      firstTokenMs: 200,
      calls: 1,
      failures: 0,
    });
    health.forceOpen("a", "ops");
    expect(JSON.parse(JSON.stringify(health.report(clock.now())))).toEqual(health.report(clock.now()));
  });
});
