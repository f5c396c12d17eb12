/** What the ladder makes of circuits, and what it says when nothing is left. */
import { describe, expect, test } from "bun:test";
import type { Deployment } from "../core/deployment.ts";
import type { DegradedMode } from "../core/plan.ts";
import { aSummary, eu, ids, other, usOne, usTwo, usual } from "./fake-fleet.ts";
import { plan } from "./fake-plan.ts";
import { type Act, type Stage, stage } from "./fake-provider.ts";

const busy: DegradedMode = { mode: "busy", message: "Busy.", status: 200, retryAfterSeconds: 5 };

function breakCircuit(on: Stage, id: string, slow = false): void {
  for (let count = 0; count < 10; count++) {
    const permit = on.health.admit(id, on.clock.now());
    if (typeof permit !== "string")
      permit.settle(slow ? "good" : "bad", on.clock.now(), slow ? 9000 : undefined);
  }
}

describe("circuits", () => {
  test("an open one is passed over and recorded", async () => {
    const on = stage(plan(usual));
    breakCircuit(on, "us-1");
    const climbed = await on.run();
    expect(climbed.attempts.map((attempt) => attempt.skipped ?? attempt.result)).toEqual([
      "circuit_open",
      "ok",
    ]);
  });

  test("slowness does not cost a rung its last candidate", async () => {
    const on = stage(plan(usual));
    breakCircuit(on, "us-1", true);
    expect(await on.run()).toMatchObject({ ok: true, value: "from us-1", rung: "primary" });
  });

  test("slowness gives way to a faster candidate of the same rung", async () => {
    const on = stage(plan([[usOne, usTwo], [eu]]));
    breakCircuit(on, "us-1", true);
    expect(await on.run()).toMatchObject({ ok: true, value: "from us-2" });
  });

  test("a rung that had its call is not owed a slow one", async () => {
    const on = stage(plan([[other, usOne], [eu]]), { other: [{ result: "outage" }] });
    breakCircuit(on, "us-1", true);
    await on.run();
    expect(ids(on)).toEqual(["other", "eu"]);
  });

  test("with every circuit open by failures, a degraded answer is given at once", async () => {
    const on = stage(plan(usual, { degraded: [busy] }));
    for (const id of ["us-1", "eu", "other"]) breakCircuit(on, id);
    const climbed = await on.run();
    expect(climbed).toMatchObject({ ok: false, cause: "exhausted" });
    expect(on.calls).toEqual([]);
    expect(climbed.ok ? null : climbed.fault.retryAfterMs).toBe(5000);
  });

  test.each([
    ["the last one", "us-1", 0, "eu"],
    ["one before it, for the answer", "eu", 0, "us-1"],
    ["one before it, beside what was spent before", "eu", 50, "us-1"],
  ])("with %s too dear, whoever is payable is the last resort", async (_, dear, spent, called) => {
    const on = stage(plan([[usOne], [eu]], { costCeiling: 100 }));
    for (const id of ["us-1", "eu"]) breakCircuit(on, id);
    const summed = { ...aSummary("ok"), cost: spent };
    const estimateCost = ({ id }: Deployment) => (id === dear ? 101 - spent : 40);
    const climbed = await on.run({ resume: { attempts: [summed], left: [] }, estimateCost });
    expect(climbed).toMatchObject({ ok: true, value: `from ${called}` });
    expect(ids(on)).toEqual([called]);
  });

  test("one that is too dear is no reason against the early probe", async () => {
    const on = stage(plan([[usOne], [eu]], { costCeiling: 100, degraded: [busy] }));
    breakCircuit(on, "us-1");
    await on.clock.advance(5000);
    breakCircuit(on, "us-1");
    await on.clock.advance(6000);
    const climbed = await on.run({ estimateCost: ({ id }) => (id === "eu" ? 101 : 40) });
    expect(climbed).toMatchObject({ ok: true, value: "from us-1" });
  });

  test("when pauses have grown, requests find out after the first pause that it is over", async () => {
    const on = stage(plan(usual, { degraded: [busy] }));
    for (const id of ["us-1", "eu", "other"]) breakCircuit(on, id);
    await on.clock.advance(5000);
    for (const id of ["us-1", "eu", "other"]) breakCircuit(on, id);
    await on.clock.advance(5000);
    expect(on.health.blocked("us-1", on.clock.now())).toBe("circuit_open");
    expect(await on.run()).toMatchObject({ ok: true, value: "from us-1" });
    expect(on.health.blocked("us-1", on.clock.now())).toBeNull();
  });

  test("an early probe that fails costs its request no second one", async () => {
    const on = stage(plan(usual, { degraded: [busy] }), { "us-1": [{ result: "outage" }] });
    for (const id of ["us-1", "eu", "other"]) breakCircuit(on, id);
    await on.clock.advance(5000);
    for (const id of ["us-1", "eu", "other"]) breakCircuit(on, id);
    await on.clock.advance(5000);
    const climbed = await on.run();
    expect(ids(on)).toEqual(["us-1"]);
    expect(climbed).toMatchObject({ ok: false, cause: "exhausted" });
  });

  test("without one, the last candidate is asked anyway", async () => {
    const on = stage(plan(usual));
    for (const id of ["us-1", "eu", "other"]) breakCircuit(on, id);
    const climbed = await on.run();
    expect(ids(on)).toEqual(["other"]);
    expect(climbed).toMatchObject({ ok: true, rung: "fallback" });
  });

  test.each([
    ["the early probe", [busy], [5000, 5000], "us-1"],
    ["the last resort", [], [0], "us-1"],
  ] as const)("a fallback that cools down does not turn off %s", async (_what, degraded, pauses, called) => {
    const on = stage(plan([[usOne], [other]], { degraded }));
    for (const pauseMs of pauses) {
      breakCircuit(on, "us-1");
      await on.clock.advance(pauseMs);
    }
    on.health.coolUntil(other.quotaGroup, on.clock.now() + 600_000);
    expect(on.health.blocked("us-1", on.clock.now())).toBe("circuit_open");
    expect(await on.run()).toMatchObject({ ok: true });
    expect(ids(on)).toEqual([called]);
  });

  test("where quotas alone keep it shut nobody is asked, and each is on record once", async () => {
    const on = stage(plan([[usOne], [other]]));
    for (const { quotaGroup } of [usOne, other]) on.health.coolUntil(quotaGroup, on.clock.now() + 600_000);
    const climbed = await on.run();
    expect(climbed.attempts.map(({ skipped }) => skipped)).toEqual(["cooling_down", "cooling_down"]);
  });

  test.each(["ok", "fault"] as const)(
    "a summary that was made of it (%s) is no call for the answer, and turns off neither",
    async (result) => {
      const on = stage(plan([[usOne]]));
      breakCircuit(on, "us-1");
      expect(await on.run({ resume: { attempts: [aSummary(result)], left: [] } })).toMatchObject({
        ok: true,
      });
      expect(ids(on)).toEqual(["us-1"]);
    },
  );

  test("a last resort that throttles is repeated like any other", async () => {
    const on = stage(plan([[usOne]]), { "us-1": [{ result: "throttled" }, { result: "ok" }] });
    breakCircuit(on, "us-1");
    expect((await on.run()).ok).toBe(true);
    expect(on.calls.length).toBe(2);
  });

  test("an operator's word stands: a forced-open circuit is never passed by", async () => {
    const on = stage(plan(usual));
    for (const id of ["us-1", "eu"]) breakCircuit(on, id);
    on.health.forceOpen("other", "ops");
    await on.run();
    expect(ids(on)).toEqual(["eu"]);
    for (const id of ["us-1", "eu"]) on.health.forceOpen(id, "ops");
    expect((await on.run()).ok).toBe(false);
    expect(ids(on)).toEqual(["eu"]);
  });

  test("the verdict on an answer is its caller's: a stream cut later still counts as bad, once", async () => {
    const on = stage(plan(usual));
    const climbed = await on.run();
    if (!climbed.ok) throw new Error("no answer");
    expect(on.health.report(on.clock.now())[0]).toMatchObject({ inFlight: 1, calls: 0 });
    climbed.settle("bad");
    climbed.settle("good");
    expect(on.health.report(on.clock.now())[0]).toMatchObject({
      inFlight: 0,
      calls: 1,
      failures: 1,
      firstTokenMs: 1,
    });
  });

  test("a failed probe of a half-open circuit reopens it, and the request goes on", async () => {
    const on = stage(plan(usual), { "us-1": [{ result: "outage" }] });
    breakCircuit(on, "us-1");
    await on.clock.advance(5000);
    const climbed = await on.run();
    expect(ids(on)).toEqual(["us-1", "eu"]);
    expect(climbed.ok).toBe(true);
    expect(on.health.report(on.clock.now())[0]).toMatchObject({ state: "open", reason: "failures" });
  });

  test.each([
    [undefined, "closed"],
    [true, "half-open"],
  ] as const)(
    "a probe whose request is refused (before it was sent: %p) leaves the circuit %s",
    async (unsent, state) => {
      const refused = { result: "invalid", ...(unsent && { unsent }) } as const;
      const on = stage(plan(usual), { "us-1": [refused] });
      breakCircuit(on, "us-1");
      await on.clock.advance(5000);
      for (let n = 0; n < 5; n++) await on.run();
      expect(on.health.report(on.clock.now())[0]).toMatchObject({ state });
    },
  );
});

describe("the last word", () => {
  test("names attempts and reasons, nothing a provider said, and when to come back", async () => {
    const on = stage(plan(usual), {
      "us-1": [{ result: "throttled", retryAfterMs: 20_000 }],
      eu: [{ result: "outage" }],
    });
    on.health.forceOpen("other", "ops");
    const climbed = await on.run();
    if (climbed.ok) throw new Error("answered");
    expect(climbed.fault).toEqual({
      kind: "exhausted",
      code: "all_attempts_failed",
      message:
        "No model could answer: 2 attempts failed (1 throttled, 1 outage), 1 passed over (1 circuit_open). Try again in 1 s.",
      retryAfterMs: 1000,
    });
  });

  const wish = { result: "throttled", retryAfterMs: 20_000 } as const;
  test.each<[string, Readonly<Record<string, readonly Act[]>>, number]>([
    [
      "one that only failed may answer the next request",
      { "us-1": [wish], eu: [{ result: "outage" }] },
      1000,
    ],
    ["both wish for time: the sooner", { "us-1": [{ ...wish, retryAfterMs: 9000 }], eu: [wish] }, 8999],
    [
      "one that cannot be told the request is no use to it",
      { "us-1": [wish], eu: [{ result: "invalid", unsent: true }] },
      19_999,
    ],
  ])("asks back when somebody can be called: %s", async (_what, script, retryAfterMs) => {
    expect(await stage(plan([[usOne], [eu]]), script).run()).toMatchObject({ fault: { retryAfterMs } });
  });

  test("never asks a caller back in less than a second", async () => {
    const on = stage(plan([[usOne]], { maxAttempts: 1 }), {
      "us-1": [{ result: "throttled", retryAfterMs: 5 }],
    });
    expect(await on.run()).toMatchObject({ fault: { retryAfterMs: 1000 } });
  });

  test("says so when nothing is known, and when there was nothing to call", async () => {
    const on = stage(plan([]));
    expect(await on.run()).toMatchObject({
      fault: { message: "No model could answer: no attempt was made. Try again later." },
    });
  });
});
