import { describe, expect, test } from "bun:test";
import type { RoutePlan } from "../core/plan.ts";
import { eu, ids, inFlight, other, usOne, usual } from "./fake-fleet.ts";
import { deployment, plan, retrySettings } from "./fake-plan.ts";
import { type Act, type Stage, stage } from "./fake-provider.ts";
import { createRetryBudget } from "./retry-budget.ts";

const HERE: Act = { result: "invalid" };
const UNSENT: Act = { result: "invalid", unsent: true };
const OUTAGE: Act = { result: "outage" };
const isTranslated = ({ id }: { readonly id: string }) => id === "eu";

function open(on: Stage, id: string): void {
  for (let count = 0; count < 3; count++) {
    const permit = on.health.admit(id, on.clock.now());
    if (typeof permit !== "string") permit.settle("bad", on.clock.now());
  }
}

/** `eu` put first, before its turn. */
const exercised = (change: Partial<RoutePlan> = {}) => plan([[eu], ...usual], { exercise: true, ...change });

describe("whose word is the last", () => {
  const filtered: Act = { result: "filtered" };
  const unauthorised: Act = { result: "provider_auth" };
  const overflow: Act = { result: "context_overflow" };
  type Ways = readonly [first: string, afterOutage: string, shut: string, cooling: string, exercised: string];
  test.each<[string, Act, boolean, Ways]>([
    ["a filter's decision", filtered, false, ["last", "last", "last", "last", "last"]],
    ["a refusal in the caller's own dialect", HERE, false, ["last", "last", "last", "last", "goes on"]],
    ["a refusal of our translation", HERE, true, ["last", "goes on", "goes on", "goes on", "goes on"]],
    ["what a dialect cannot be told", UNSENT, false, ["last", "goes on", "goes on", "goes on", "goes on"]],
    ["a wrong key", unauthorised, false, ["last", "last", "last", "last", "goes on"]],
    ["a defect of our own", { result: "throw" }, false, ["last", "last", "last", "last", "goes on"]],
    ["too long for the largest", overflow, false, ["last", "last", "last", "last", "goes on"]],
  ])("%s", async (_what, act, translated, ways) => {
    const ports = { isTranslated: translated ? isTranslated : () => false };
    const tell = async (on: Stage) => {
      const climbed = await on.run(ports);
      if (climbed.ok) climbed.settle("good");
      expect(inFlight(on)).toBe(0);
      return climbed.ok ? "goes on" : climbed.cause === "stopped" ? "last" : climbed.cause;
    };
    const first = stage(plan([[eu], [other]]), { eu: [act] });
    const after = stage(plan(usual), { "us-1": [OUTAGE], eu: [act] });
    const shut = stage(plan(usual), { eu: [act] });
    open(shut, "us-1");
    const cooling = stage(plan(usual), { eu: [act] });
    cooling.health.coolUntil("quota-of-us-1", cooling.clock.now() + 60_000);
    const early = stage(exercised(), { eu: [act] });
    const told = [];
    for (const on of [first, after, shut, cooling, early]) told.push(await tell(on));
    expect(told).toEqual([...ways]);
  });

  test("a first choice that cannot be told it is passed by for another one of its rung, never for another model", async () => {
    const passed = stage(plan([[eu, usOne], [other]]), { eu: [UNSENT] });
    const climbed = await passed.run();
    expect(climbed.attempts.map(({ deployment, skipped }) => [deployment, skipped])).toEqual([
      ["eu", "unsent"],
      ["us-1", undefined],
    ]);
    expect(passed.calls.at(-1)?.number).toBe(1);
    const none = stage(plan([[eu, usOne], [other]]), { eu: [UNSENT], "us-1": [UNSENT] });
    expect(await none.run()).toMatchObject({ cause: "stopped", fault: { kind: "invalid" } });
    expect(ids(none)).toEqual(["eu", "us-1"]);
    const out = stage(plan([[eu, usOne], [other]]), { eu: [UNSENT] });
    open(out, "us-1");
    expect((await out.run()).ok).toBe(true);
    expect(ids(out)).toEqual(["eu", "other"]);
  });

  test("a first choice that was throttled once is still the first choice", async () => {
    const on = stage(plan([[eu]]), { eu: [{ result: "throttled", retryAfterMs: 1000 }, HERE] });
    expect(await on.run({ isTranslated })).toMatchObject({ cause: "stopped", fault: { kind: "invalid" } });
  });

  test("where nobody else answers, the last word is the outage, with when to come back", async () => {
    const on = stage(plan([[usOne], [eu]]), { eu: [HERE] });
    open(on, "us-1");
    expect(await on.run({ isTranslated })).toMatchObject({ ok: false, cause: "exhausted" });
  });
});

describe("what was never sent", () => {
  const mc = deployment("mc");

  test("takes no attempt: the model that is well is asked", async () => {
    const on = stage(plan([[usOne], [other], [eu], [mc]]), {
      "us-1": [OUTAGE],
      other: [OUTAGE],
      eu: [UNSENT],
    });
    const climbed = await on.run();
    expect(ids(on)).toEqual(["us-1", "other", "eu", "mc"]);
    expect(on.calls.at(-1)?.number).toBe(3);
    expect(climbed.attempts.map(({ result, skipped }) => skipped ?? result)).toEqual([
      "fault",
      "fault",
      "unsent",
      "ok",
    ]);
    expect(climbed.attempts[2]).toMatchObject({ result: "skipped", fault: { kind: "invalid" } });
  });

  test("takes nothing of the retry budget, and the call after it is paid for", async () => {
    const retryBudget = createRetryBudget({ budgetRatio: 0, budgetPerSecond: 0.2 });
    const before = retryBudget.available(0);
    const on = stage(plan([[usOne], [eu], [mc]]), { "us-1": [OUTAGE], eu: [UNSENT] });
    const startedAt = on.clock.now();
    await on.run({ retryBudget });
    expect(ids(on)).toEqual(["us-1", "eu", "mc"]);
    expect([before, retryBudget.available(startedAt)]).toEqual([2, 1]);
  });

  test.each<[readonly string[]]>([[["us-1"]], [["us-1", "eu"]]])(
    "is asked for once, also as a last resort where %p are out",
    async (shut) => {
      const on = stage(plan([[usOne], [eu]]), { eu: [UNSENT] });
      for (const id of shut) open(on, id);
      expect((await on.run()).ok).toBe(true);
      expect(ids(on)).toEqual(["eu", "us-1"]);
    },
  );
});

describe("an exercise", () => {
  const broke = { budgetRatio: 0, budgetPerSecond: 0 };

  test.each<Act>([
    OUTAGE,
    HERE,
    { result: "provider_auth" },
    { result: "throttled", retryAfterMs: 1000 },
    { result: "malformed" },
    { result: "context_overflow" },
  ])("that fails (%p) goes to the primary at once, and to no one else", async (act) => {
    const on = stage(exercised(), { eu: [act] });
    const climbed = await on.run();
    expect(ids(on)).toEqual(["eu", "us-1"]);
    expect([climbed.ok, on.calls[1]?.waitedMs]).toEqual([true, 0]);
    expect(climbed.attempts[0]).toMatchObject({ result: "fault", fault: { kind: act.result } });
  });

  test("puts off nothing in its own region", async () => {
    const near = deployment("near", { provider: "acme", region: "us" });
    const on = stage(plan([[near], [usOne], [other], [near]], { exercise: true }), { near: [OUTAGE] });
    await on.run();
    expect(ids(on)).toEqual(["near", "us-1"]);
  });

  test("is not made where the retry that it may cost is not to be had", async () => {
    const on = stage(exercised());
    const climbed = await on.run({ retryBudget: createRetryBudget(broke) });
    expect(ids(on)).toEqual(["us-1"]);
    expect(climbed.attempts[0]).toMatchObject({ deployment: "eu", skipped: "retry_budget" });
    expect(inFlight(on)).toBe(1);
  });

  test("gives back what it was paid with when it is answered", async () => {
    const retryBudget = createRetryBudget(retrySettings);
    const before = retryBudget.available(0);
    const on = stage(exercised());
    const startedAt = on.clock.now();
    await on.run({ retryBudget });
    expect(ids(on)).toEqual(["eu"]);
    expect(retryBudget.available(startedAt)).toBe(before);
  });

  test("that fails makes no first choice of whoever comes after the primary", async () => {
    const on = stage(exercised(), { eu: [OUTAGE], "us-1": [UNSENT] });
    expect(await on.run()).toMatchObject({ cause: "stopped", fault: { kind: "invalid" } });
    expect(ids(on)).toEqual(["eu", "us-1"]);
  });
});
