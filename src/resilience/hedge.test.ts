import { describe, expect, test } from "bun:test";
import type { RoutePlan } from "../core/plan.ts";
import { deployment, plan, retrySettings } from "./fake-plan.ts";
import { type Act, HELD, type Stage, stage } from "./fake-provider.ts";
import type { ClimbPorts } from "./ladder.ts";
import { createRetryBudget, type RetryBudget } from "./retry-budget.ts";

const [us, eu, ap] = [deployment("us"), deployment("eu"), deployment("ap")];
const base = deployment("other");
const other = { ...base, model: { ...base.model, id: "small" } };
const SLOW: Act = { result: "ok", takes: 3000 };
const AFTER = 500;

function hedged(rungs = [[us], [eu], [other]], change: Partial<RoutePlan> = {}): RoutePlan {
  return plan(rungs, { hedge: { after: AFTER, maxShare: 1 }, ...change });
}

const ids = (on: Stage) => on.calls.map((call) => call.deployment.id);
const inFlight = (on: Stage) => on.health.report(on.clock.now()).reduce((sum, row) => sum + row.inFlight, 0);

/** Climbs, settles what it found, and says how the calls went. */
async function race(
  route: RoutePlan,
  script: Readonly<Record<string, readonly Act[]>>,
  change: Partial<ClimbPorts<string>> = {},
) {
  const on = stage(route, script);
  const climbed = await on.run(change);
  if (climbed.ok) climbed.settle("good");
  expect(inFlight(on)).toBe(0);
  expect(on.clock.pending).toBe(0);
  const results = climbed.attempts.map(({ deployment: id, result, skipped, fault, hedge }) =>
    [id, skipped ?? fault?.kind ?? result, ...(hedge ? ["hedge"] : [])].join(" "),
  );
  return { on, climbed, results };
}

describe("a first call that is slow to begin", () => {
  test("gets a second one beside it, and the faster answer wins", async () => {
    const { on, climbed, results } = await race(hedged(), { us: [SLOW] });
    expect(climbed).toMatchObject({ ok: true, value: "from eu", rung: "cross-region" });
    expect(results).toEqual(["us hedged_out", "eu ok hedge"]);
    expect(on.calls.map(({ number, at }) => [number, at - (on.calls[0]?.at ?? 0)])).toEqual([
      [1, 0],
      [2, AFTER],
    ]);
  });

  test("may still win; then the second one is ended", async () => {
    const { climbed, results } = await race(hedged(), { us: [{ ...SLOW, takes: 700 }], eu: [SLOW] });
    expect(climbed).toMatchObject({ ok: true, value: "from us", rung: "primary" });
    expect(results).toEqual(["eu hedged_out hedge", "us ok"]);
    expect(climbed.attempts[0]).toMatchObject({ startedAtMs: AFTER, durationMs: 200 });
  });

  test("that says the last word ends the second one, also where that word is a caller's who is still there", async () => {
    const { climbed, results } = await race(hedged(), {
      us: [{ result: "cancelled", takes: 700 }],
      eu: [SLOW],
    });
    expect(climbed).toMatchObject({ ok: false, cause: "cancelled" });
    expect(results).toEqual(["eu hedged_out hedge", "us cancelled"]);
  });

  test("that is fast enough is left alone", async () => {
    const { on, results } = await race(hedged(), { us: [{ result: "ok", takes: AFTER - 1 }] });
    expect(ids(on)).toEqual(["us"]);
    expect(results).toEqual(["us ok"]);
  });

  test("that has begun is left alone, however long the rest of it is held back", async () => {
    const { on, results } = await race(hedged(), { us: [{ ...SLOW, begins: AFTER - 1 }] });
    expect(ids(on)).toEqual(["us"]);
    expect(results).toEqual(["us ok"]);
  });

  test("without a hedge in the plan waits", async () => {
    const { results } = await race(plan([[us], [eu]]), { us: [SLOW] });
    expect(results).toEqual(["us ok"]);
  });

  test("what the one that lost had used is an estimate, and counts for the ceiling", async () => {
    const usage = {
      inputTokens: 100,
      outputTokens: 0,
      cacheReadTokens: 0,
      cacheWriteTokens: 0,
      reasoningTokens: 0,
    };
    const { climbed } = await race(
      hedged(),
      { us: [SLOW] },
      { estimateAbandoned: () => ({ usage, cost: 7 }) },
    );
    expect(climbed.attempts[0]).toMatchObject({ result: "hedged_out", usage, cost: 7 });
  });

  test("what one that lost had said is on record, and counts in the place of the estimate", async () => {
    const { on, climbed } = await race(
      hedged(),
      { us: [{ ...SLOW, begins: AFTER + 100 }], eu: [{ result: "ok", takes: 400 }] },
      { estimateAbandoned: () => ({ usage: { ...HELD.usage, outputTokens: 0 }, cost: 7 }) },
    );
    const lost = { result: "hedged_out", ...HELD, firstTokenMs: AFTER + 100, durationMs: AFTER + 400 };
    expect(climbed.attempts[0]).toMatchObject(lost);
    expect(on.health.firstTokenMs("us")).toBe(AFTER + 100);
  });

  test("the answer that came too late is handed back", async () => {
    const discarded: string[] = [];
    await race(
      hedged(),
      { us: [{ ...SLOW, heedless: true }] },
      { discard: (value) => discarded.push(value) },
    );
    expect(discarded).toEqual(["from us"]);
  });

  test("a slow one that lost is known to be slow", async () => {
    const { on } = await race(hedged(), { us: [SLOW] });
    expect(on.health.firstTokenMs("us")).toBe(AFTER + 1);
    expect(on.health.report(on.clock.now())[0]).toMatchObject({ calls: 0, failures: 0 });
  });
});

test("a second call may cost what is left beside all that the first one may cost", async () => {
  const left = async (most: number) => {
    const on = stage(hedged(undefined, { costCeiling: 100 }), { us: [SLOW] });
    await on.run({ costWithin: () => most });
    return on.calls.map(({ costLeft }) => costLeft);
  };
  expect([await left(70), await left(90), await left(91)]).toEqual([[100, 30], [100, 10], [100]]);
});

describe("the second call", () => {
  const cases: [string, RoutePlan, Record<string, Act[]>, (on: Stage) => void, string[]][] = [
    [
      "is the next candidate of the same rung, before another rung's",
      hedged([[us, ap], [eu]]),
      {},
      () => {},
      ["us hedged_out", "ap ok hedge"],
    ],
    ["is never of another model", hedged([[us], [other]]), {}, () => {}, ["us ok"]],
    ["is not one whose circuit is open", hedged(), {}, (on) => on.health.forceOpen("eu", "ops"), ["us ok"]],
    [
      "is not one whose quota cools down",
      hedged(),
      {},
      (on) => on.health.coolUntil(eu.quotaGroup, on.clock.now() + 60_000),
      ["us ok"],
    ],
    ["is not beyond maxAttempts", hedged(undefined, { maxAttempts: 1 }), {}, () => {}, ["us ok"]],
    [
      "is not beyond the ceiling of both together",
      hedged(undefined, { costCeiling: 19 }),
      {},
      () => {},
      ["us ok"],
    ],
    [
      "is within a ceiling that both fit under",
      hedged(undefined, { costCeiling: 20 }),
      {},
      () => {},
      ["us hedged_out", "eu ok hedge"],
    ],
    [
      "fails and the first goes on",
      hedged(),
      { eu: [{ result: "outage" }] },
      () => {},
      ["eu outage hedge", "us ok"],
    ],
    [
      "cannot stop the first, whatever it says",
      hedged(),
      { eu: [{ result: "provider_auth" }] },
      () => {},
      ["eu provider_auth hedge", "us ok"],
    ],
  ];
  test.each(cases)("%s", async (_, route, script, prepare, expected) => {
    const on = stage(route, { us: [SLOW], ...script });
    prepare(on);
    const climbed = await on.run();
    if (climbed.ok) climbed.settle("good");
    expect(
      climbed.attempts.map(({ deployment: id, result, fault, hedge }) =>
        [id, fault?.kind ?? result, ...(hedge ? ["hedge"] : [])].join(" "),
      ),
    ).toEqual(expected);
    expect(inFlight(on)).toBe(0);
  });

  test("is left out while its circuit is half-open, as is a first call that is a probe", async () => {
    for (const probing of ["us", "eu"]) {
      const on = stage(hedged(), { us: [SLOW] });
      for (let count = 0; count < 3; count++) {
        const permit = on.health.admit(probing, on.clock.now());
        if (typeof permit !== "string") permit.settle("bad", on.clock.now());
      }
      await on.clock.advance(6000);
      const climbed = await on.run();
      if (climbed.ok) climbed.settle("good");
      expect(ids(on)).toEqual(["us"]);
    }
  });
});

describe("both calls fail", () => {
  const dead: Act[] = [{ result: "outage", takes: 900 }];

  test("the climb goes on behind both, on the rung it was on", async () => {
    const { results, climbed } = await race(hedged([[us], [eu], [other]]), { us: dead, eu: dead });
    expect(results).toEqual(["us outage", "eu outage hedge", "other ok"]);
    expect(climbed.ok && climbed.rung).toBe("fallback");
  });

  test("the first one's last word stops it at once", async () => {
    const { results, climbed } = await race(hedged(), {
      us: [{ result: "invalid", takes: 900 }],
      eu: [SLOW],
    });
    expect(results).toEqual(["eu hedged_out hedge", "us invalid"]);
    expect(climbed).toMatchObject({ ok: false, cause: "stopped", fault: { kind: "invalid" } });
  });

  test("the second one's last word counts when the first has failed too", async () => {
    const { results, climbed } = await race(hedged(), { us: dead, eu: [{ result: "filtered" }] });
    expect(results).toEqual(["us outage", "eu filtered hedge"]);
    expect(climbed).toMatchObject({ ok: false, cause: "stopped", fault: { kind: "filtered" } });
  });

  test("a throttled first one is not repeated beside the hedge", async () => {
    const throttled: Act[] = [{ result: "throttled", takes: 600, retryAfterMs: 1000 }];
    const { on, results } = await race(hedged([[us], [eu]]), {
      us: throttled,
      eu: [{ result: "ok", takes: 300 }],
    });
    expect(results).toEqual(["us throttled", "eu ok hedge"]);
    expect(ids(on)).toEqual(["us", "eu"]);
  });

  test("the caller leaves both: one cancelled climb, nothing left behind", async () => {
    const leaves = new AbortController();
    const on = stage(hedged(), { us: [SLOW], eu: [SLOW] });
    on.clock.after(1000, () => leaves.abort());
    const climbed = await on.run({ signal: leaves.signal });
    expect(climbed).toMatchObject({ ok: false, cause: "cancelled" });
    const left = { result: "fault", fault: { kind: "cancelled", code: "caller_left" } };
    expect(climbed.attempts).toMatchObject([{ ...left, hedge: true }, left]);
    expect(inFlight(on)).toBe(0);
    expect(on.health.report(on.clock.now()).map(({ calls }) => calls)).toEqual([0, 0, 0]);
  });
});

describe("budgets", () => {
  async function many(budget: RetryBudget, maxShare: number, requests: number): Promise<number> {
    let hedges = 0;
    for (let count = 0; count < requests; count++) {
      const route = hedged(undefined, { hedge: { after: AFTER, maxShare } });
      const { climbed } = await race(route, { us: [SLOW] }, { retryBudget: budget });
      hedges += climbed.attempts.filter((attempt) => attempt.hedge).length;
    }
    return hedges;
  }

  test("no more than the share of the requests is hedged", async () => {
    const rich = createRetryBudget({ ...retrySettings, budgetPerSecond: 1000 });
    expect(await many(rich, 0.05, 100)).toBe(5);
  });

  test("an empty retry budget means no hedge, and costs no share", async () => {
    const poor = createRetryBudget({ budgetRatio: 0, budgetPerSecond: 0 });
    expect(await many(poor, 1, 3)).toBe(0);
    expect(poor.hedges.covers("support-chat")).toBe(true);
  });

  test("a hedge is a retry to the fleet", async () => {
    const budget = createRetryBudget({ budgetRatio: 0, budgetPerSecond: 0.1 });
    expect(await many(budget, 1, 2)).toBe(1);
    expect(budget.available(0)).toBe(0);
  });
});

describe("after: p95", () => {
  const byPercentile = hedged(undefined, { hedge: { after: "p95", maxShare: 1 } });

  async function seen(on: Stage, samples: number): Promise<readonly string[]> {
    for (let count = 0; count < samples; count++) {
      const permit = on.health.admit("us", on.clock.now());
      if (typeof permit !== "string") permit.settle("good", on.clock.now(), 200);
    }
    const climbed = await on.run();
    if (climbed.ok) climbed.settle("good");
    return climbed.attempts.map(({ result }) => result);
  }

  test("waits for what nearly all calls of that deployment needed", async () => {
    const on = stage(byPercentile, { us: [SLOW] });
    expect(await seen(on, 30)).toEqual(["hedged_out", "ok"]);
    const waited = (on.calls[1]?.at ?? 0) - (on.calls[0]?.at ?? 0);
    expect(Math.abs(waited - 200)).toBeLessThan(10);
  });

  test("is nothing to go by before enough calls were seen", async () => {
    expect(await seen(stage(byPercentile, { us: [SLOW] }), 19)).toEqual(["ok"]);
  });
});
