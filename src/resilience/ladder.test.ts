import { describe, expect, test } from "bun:test";
import { eu, ids, inFlight, other, usOne, usTwo, usual } from "./fake-fleet.ts";
import { deployment, plan } from "./fake-plan.ts";
import { type Act, stage } from "./fake-provider.ts";
import { createRetryBudget } from "./retry-budget.ts";

describe("what each fault leads to", () => {
  const cases: [string, Record<string, Act[]>, string[], string][] = [
    ["an answer ends it", {}, ["us-1"], "ok"],
    ["outage: the next region", { "us-1": [{ result: "outage" }] }, ["us-1", "eu"], "ok"],
    ["timeout: never the same again", { "us-1": [{ result: "silent" }] }, ["us-1", "eu"], "ok"],
    [
      "throttled: no repeat at the cost of a rung",
      { "us-1": [{ result: "throttled" }] },
      ["us-1", "eu"],
      "ok",
    ],
    [
      "malformed: no repeat at the cost of a rung",
      { "us-1": [{ result: "malformed" }] },
      ["us-1", "eu"],
      "ok",
    ],
    ["filtered stops", { "us-1": [{ result: "filtered" }] }, ["us-1"], "stopped"],
    ["invalid stops", { "us-1": [{ result: "invalid" }] }, ["us-1"], "stopped"],
    [
      "invalid before it was sent stops",
      { "us-1": [{ result: "invalid", unsent: true }] },
      ["us-1"],
      "stopped",
    ],
    [
      "what one deployment cannot be told, after an outage: the next",
      { "us-1": [{ result: "outage" }], eu: [{ result: "invalid", unsent: true }] },
      ["us-1", "eu", "other"],
      "ok",
    ],
    [
      "what the rest cannot be told, after an outage, is no caller's mistake",
      {
        "us-1": [{ result: "outage" }],
        eu: [{ result: "invalid", unsent: true }],
        other: [{ result: "invalid", unsent: true }],
      },
      ["us-1", "eu", "other"],
      "exhausted",
    ],
    [
      "invalid after an outage stops",
      { "us-1": [{ result: "outage" }], eu: [{ result: "invalid" }] },
      ["us-1", "eu"],
      "stopped",
    ],
    ["provider_auth stops", { "us-1": [{ result: "provider_auth" }] }, ["us-1"], "stopped"],
    ["cancelled ends it as such", { "us-1": [{ result: "cancelled" }] }, ["us-1"], "cancelled"],
    ["a send that throws is internal", { "us-1": [{ result: "throw" }] }, ["us-1"], "stopped"],
    [
      "three outages exhaust it",
      { "us-1": [{ result: "outage" }], eu: [{ result: "outage" }], other: [{ result: "outage" }] },
      ["us-1", "eu", "other"],
      "exhausted",
    ],
  ];
  test.each(cases)("%s", async (_, script, called, end) => {
    const on = stage(plan(usual), script);
    const climbed = await on.run();
    expect(ids(on)).toEqual(called);
    expect(climbed.ok ? "ok" : climbed.cause).toBe(end);
    if (climbed.ok) climbed.settle("good");
    expect(inFlight(on)).toBe(0);
  });

  test("what send threw is reported, not repeated to the caller", async () => {
    const on = stage(plan(usual), { "us-1": [{ result: "throw" }] });
    const thrown: unknown[] = [];
    const climbed = await on.run({ reportThrown: (error) => thrown.push(error) });
    expect(climbed).toMatchObject({ ok: false, fault: { kind: "internal", code: "internal_error" } });
    expect(thrown).toHaveLength(1);
    expect(on.health.report(0)[0]).toMatchObject({ calls: 0, inFlight: 0 });
  });
});

describe("an outage", () => {
  test("leaves the region: its other deployment is put off for good while another rung can answer", async () => {
    const on = stage(plan([[usOne, usTwo], [eu]]), {
      "us-1": [{ result: "outage" }],
      eu: [{ result: "outage" }],
    });
    const climbed = await on.run();
    expect(ids(on)).toEqual(["us-1", "eu"]);
    expect(climbed.ok).toBe(false);
  });

  test("within a rung the other region comes first, then what else is left", async () => {
    const on = stage(plan([[usOne, usTwo, eu]]), {
      "us-1": [{ result: "outage" }],
      eu: [{ result: "outage" }],
    });
    await on.run();
    expect(ids(on)).toEqual(["us-1", "eu", "us-2"]);
  });

  test("the region is tried again when it is the only thing left", async () => {
    const on = stage(plan([[usOne, usTwo], [eu]]), { "us-1": [{ result: "outage" }] });
    on.health.forceOpen("eu", "ops");
    const climbed = await on.run();
    expect(ids(on)).toEqual(["us-1", "us-2"]);
    expect(climbed).toMatchObject({ ok: true, value: "from us-2" });
  });

  test("another provider in a region of the same name is another region", async () => {
    const on = stage(plan([[usOne, other]]), { "us-1": [{ result: "outage" }] });
    await on.run();
    expect(ids(on)).toEqual(["us-1", "other"]);
  });
});

describe("throttling", () => {
  const throttled = (retryAfterMs?: number): Act[] => [
    retryAfterMs === undefined ? { result: "throttled" } : { result: "throttled", retryAfterMs },
    { result: "ok" },
  ];

  test("waits for Retry-After and repeats where attempts are to spare", async () => {
    const on = stage(plan([[usOne], [other]]), { "us-1": throttled(2000) });
    const climbed = await on.run();
    expect(ids(on)).toEqual(["us-1", "us-1"]);
    expect(on.calls[1]).toMatchObject({ number: 2, waitedMs: 2000, complaint: null });
    expect((on.calls[1]?.at ?? 0) - (on.calls[0]?.at ?? 0)).toBe(2001);
    expect(climbed.attempts.map((attempt) => [attempt.result, attempt.waitedMs])).toEqual([
      ["fault", 0],
      ["ok", 2000],
    ]);
  });

  test.each([
    ["what others were told meanwhile does not hold it up", 1900, ["us-1", "us-1"]],
    ["but for what nobody would wait for", 86_400_000, ["us-1", "other"]],
  ])("whoever has waited as it was told is called: %s", async (_what, forMs, called) => {
    const on = stage(plan([[usOne], [other]]), { "us-1": throttled(2000) });
    on.clock.after(1900, () => on.health.coolUntil(usOne.quotaGroup, on.clock.now() + forMs));
    expect(await on.run()).toMatchObject({ ok: true });
    expect(ids(on)).toEqual(called);
  });

  test("without Retry-After it waits with full jitter", async () => {
    const on = stage(plan([[usOne]]), {
      "us-1": [{ result: "throttled" }, { result: "throttled" }, { result: "ok" }],
    });
    await on.run();
    expect(on.calls.map((call) => call.waitedMs)).toEqual([0, 50, 100]);
  });

  test.each([undefined, 51.2])(
    "it waits whole milliseconds, and no less than was asked for (%p)",
    async (wish) => {
      const on = stage(plan([[usOne]]), { "us-1": throttled(wish) });
      await on.run({ random: () => 0.512 });
      expect(on.calls.map((call) => call.waitedMs)).toEqual([0, 52]);
    },
  );

  test("a quota that is used up for long is neither waited for nor asked again, also not by another deployment", async () => {
    const spent: Act[] = [{ result: "throttled", lasting: true, retryAfterMs: 10 }];
    const twin = deployment("us-twin", { quotaGroup: usOne.quotaGroup });
    const on = stage(plan([[usOne, twin], [other]], { maxAttempts: 5 }), { "us-1": spent });
    await on.run();
    expect(ids(on)).toEqual(["us-1", "other"]);
    const alone = stage(plan([[usOne, twin]], { maxAttempts: 5 }), { "us-1": spent });
    const climbed = await alone.run();
    expect(ids(alone)).toEqual(["us-1"]);
    expect(climbed).toMatchObject({ ok: false, cause: "exhausted" });
  });

  test("once only while another deployment is left", async () => {
    const on = stage(plan([[usOne], [other]], { maxAttempts: 5 }), { "us-1": [{ result: "throttled" }] });
    await on.run();
    expect(ids(on)).toEqual(["us-1", "us-1", "other"]);
  });

  test.each([
    ["longer than the longest wait", 3001, 30_000],
    ["longer than its share of the deadline", 2900, 5000],
  ])("a Retry-After %s moves on, and cools the quota group down", async (_, wish, deadlineMs) => {
    const on = stage(plan([[usOne], [other]], { deadlineMs }), { "us-1": throttled(wish) });
    const at = on.clock.now();
    await on.run();
    expect(ids(on)).toEqual(["us-1", "other"]);
    expect(on.health.report(at)[0]?.cooldownUntil).toBe(at + 1 + wish);
  });

  test("a cooled-down quota group is passed over by later requests", async () => {
    const shared = { quotaGroup: "acme/us" };
    const [a, b] = [deployment("a", shared), deployment("b", shared)];
    const on = stage(plan([[a, b], [other]]));
    on.health.coolUntil("acme/us", on.clock.now() + 1000);
    const climbed = await on.run();
    expect(climbed.attempts.map((attempt) => attempt.skipped ?? attempt.result)).toEqual([
      "cooling_down",
      "cooling_down",
      "ok",
    ]);
  });

  test("the same quota is not asked by way of another deployment, even without Retry-After", async () => {
    const shared = { quotaGroup: "acme/us" };
    const on = stage(plan([[deployment("a", shared), deployment("b", shared), eu]], { maxAttempts: 2 }), {
      a: [{ result: "throttled" }],
    });
    await on.run();
    expect(ids(on)).toEqual(["a", "eu"]);
  });

  test("feeds no circuit", async () => {
    const on = stage(plan([[usOne]], { maxAttempts: 9 }), { "us-1": [{ result: "throttled" }] });
    await on.run();
    expect(on.calls.length).toBe(9);
    expect(on.health.report(on.clock.now())[0]).toMatchObject({ state: "closed", inFlight: 0 });
  });
});

describe("a malformed answer", () => {
  test("is asked for again with the complaint, then another model is", async () => {
    const on = stage(plan([[usOne], [other]]), { "us-1": [{ result: "malformed" }] });
    await on.run();
    expect(on.calls.map((call) => [call.deployment.id, call.complaint?.code ?? null])).toEqual([
      ["us-1", null],
      ["us-1", "malformed_code"],
      ["other", null],
    ]);
  });

  test("that the model can be told nothing about is asked for again where nobody else is left", async () => {
    const empty = { "us-1": [{ result: "malformed", code: "empty_answer" }, { result: "ok" }] } as const;
    const both = stage(plan([[usOne], [other]]), empty);
    await both.run();
    expect(ids(both)).toEqual(["us-1", "other"]);
    const alone = stage(plan([[usOne]]), empty);
    await alone.run();
    expect(ids(alone)).toEqual(["us-1", "us-1"]);
  });

  test("that was too large is not asked for again", async () => {
    const on = stage(plan([[usOne]]), { "us-1": [{ result: "malformed", code: "answer_too_large" }] });
    await on.run();
    expect(ids(on)).toEqual(["us-1"]);
  });

  test("no more often than the policy says", async () => {
    for (const formatRetries of [0, 1, 3]) {
      const on = stage(plan([[usOne]], { maxAttempts: 9 }), { "us-1": [{ result: "malformed" }] });
      await on.run({ formatRetries });
      expect(on.calls.length).toBe(1 + formatRetries);
    }
  });
});

describe("a context overflow", () => {
  const [small, alsoSmall, large] = [
    deployment("small", {}, 4000),
    deployment("also", {}, 4000),
    deployment("large", {}, 9000),
  ];

  test("goes on with larger models alone", async () => {
    const on = stage(plan([[small, alsoSmall], [large]]), { small: [{ result: "context_overflow" }] });
    await on.run();
    expect(ids(on)).toEqual(["small", "large"]);
  });

  test("is the answer itself where no model of the plan is larger", async () => {
    const on = stage(plan([[large], [small]]), { large: [{ result: "context_overflow" }] });
    const climbed = await on.run();
    expect(climbed).toMatchObject({ ok: false, cause: "stopped", fault: { kind: "context_overflow" } });
  });

  test("is exhaustion where a larger one exists but is out", async () => {
    const on = stage(plan([[small], [large]]), { small: [{ result: "context_overflow" }] });
    on.health.forceOpen("large", "ops");
    expect(await on.run()).toMatchObject({ ok: false, cause: "exhausted", fault: { kind: "exhausted" } });
  });
});

describe("money", () => {
  test("passes over what would break the ceiling together with what was spent", async () => {
    const on = stage(plan(usual, { costCeiling: 25 }), { "us-1": [{ result: "outage", cost: 12 }] });
    const climbed = await on.run({ estimateCost: ({ id }) => (id === "eu" ? 14 : 13) });
    expect(ids(on)).toEqual(["us-1", "other"]);
    expect(climbed.attempts[1]).toMatchObject({
      deployment: "eu",
      result: "skipped",
      skipped: "cost_ceiling",
    });
  });

  test("an unpriced deployment is not held against a ceiling", async () => {
    const on = stage(plan(usual, { costCeiling: 1 }));
    expect((await on.run({ estimateCost: () => null })).ok).toBe(true);
  });
});

describe("the retry budget", () => {
  const settings = { budgetRatio: 0, budgetPerSecond: 0 };

  test("does not concern the first call, and its refusal ends the climb", async () => {
    const on = stage(plan(usual), { "us-1": [{ result: "outage" }] });
    const climbed = await on.run({ retryBudget: createRetryBudget(settings) });
    expect(ids(on)).toEqual(["us-1"]);
    expect(climbed).toMatchObject({ ok: false, cause: "exhausted" });
    expect(climbed.attempts[1]).toMatchObject({ deployment: "eu", skipped: "retry_budget" });
    expect(inFlight(on)).toBe(0);
  });

  test("a first call on the fallback is no retry", async () => {
    const on = stage(plan(usual));
    on.health.forceOpen("us-1", "ops");
    expect(await on.run({ retryBudget: createRetryBudget(settings) })).toMatchObject({
      ok: true,
      rung: "cross-region",
    });
  });

  test("is asked before a wait, not after it", async () => {
    const on = stage(plan([[usOne]], { deadlineMs: 30_000 }), {
      "us-1": [{ result: "throttled", retryAfterMs: 2000 }],
    });
    const climbed = await on.run({ retryBudget: createRetryBudget(settings) });
    expect(climbed.attempts[1]).toMatchObject({ skipped: "retry_budget", startedAtMs: 1 });
  });

  test("a wait is charged once", async () => {
    const budget = createRetryBudget({ budgetRatio: 0, budgetPerSecond: 0.1 });
    const on = stage(plan([[usOne]]), {
      "us-1": [{ result: "throttled", retryAfterMs: 100 }, { result: "ok" }],
    });
    expect((await on.run({ retryBudget: budget })).ok).toBe(true);
  });
});

describe("time", () => {
  test("a silent primary leaves the fallback its first token's time", async () => {
    const on = stage(plan(usual, { deadlineMs: 10_000 }), {
      "us-1": [{ result: "silent" }],
      eu: [{ result: "silent" }],
    });
    const climbed = await on.run();
    expect(ids(on)).toEqual(["us-1", "eu", "other"]);
    expect(on.calls.map((call) => Math.round(call.timeouts.total))).toEqual([3333, 3333, 3333]);
    expect(climbed.ok).toBe(true);
  });

  test("no attempt starts with less than 50 ms left", async () => {
    const on = stage(plan([[usOne], [eu]], { deadlineMs: 100 }), {
      "us-1": [{ result: "outage", takes: 51 }],
    });
    const late = await on.run();
    expect(ids(on)).toEqual(["us-1", "eu"]);
    expect(late.ok).toBe(true);

    const under = stage(plan([[usOne], [eu]], { deadlineMs: 100 }), {
      "us-1": [{ result: "outage", takes: 49 }],
    });
    const climbed = await under.run({ deadlineAt: under.clock.now() + 98 });
    expect(ids(under)).toEqual(["us-1"]);
    expect(climbed).toMatchObject({ ok: false, cause: "deadline", fault: { code: "deadline_exceeded" } });
  });
});

describe("a caller who leaves", () => {
  test("before the climb: nothing is called", async () => {
    const on = stage(plan(usual));
    const climbed = await on.run({ signal: AbortSignal.abort() });
    expect(climbed).toMatchObject({
      ok: false,
      cause: "cancelled",
      fault: { kind: "cancelled" },
      attempts: [],
    });
    expect(on.calls).toEqual([]);
  });

  test("during a wait: it ends there and then", async () => {
    const on = stage(plan([[usOne]]), { "us-1": [{ result: "throttled", retryAfterMs: 3000 }] });
    const controller = new AbortController();
    on.clock.after(1000, () => controller.abort());
    const climbed = await on.run({ signal: controller.signal });
    expect(climbed).toMatchObject({ ok: false, cause: "cancelled" });
    expect(on.calls.length).toBe(1);
    expect(on.clock.pending).toBe(0);
  });

  test("during a call: how the call then ends is no news of the provider", async () => {
    const on = stage(plan(usual), { "us-1": [{ result: "outage", takes: 100 }] });
    const controller = new AbortController();
    on.clock.after(50, () => controller.abort());
    const climbed = await on.run({ signal: controller.signal });
    expect(climbed).toMatchObject({ ok: false, cause: "cancelled", fault: { code: "caller_left" } });
    expect(on.health.report(on.clock.now())[0]).toMatchObject({ calls: 0, inFlight: 0 });
  });
});
