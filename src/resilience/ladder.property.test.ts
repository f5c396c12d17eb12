/** What holds for every climb: random plans, random conditions, random scripts of faults, with and without hedges. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import type { Deployment } from "../core/deployment.ts";
import { NO_USAGE } from "../core/events.ts";
import { FAULTS, type FaultKind } from "../core/faults.ts";
import type { RoutePlan } from "../core/plan.ts";
import { MINIMUM_ATTEMPT_MS } from "./deadline.ts";
import { type CountedBudget, countedBudget } from "./fake-budget.ts";
import { deployment, plan, retrySettings } from "./fake-plan.ts";
import { type Act, type LoggedCall, type Stage, stage } from "./fake-provider.ts";
import type { Climb } from "./ladder.ts";
import { BUDGET_WINDOW_SECONDS } from "./retry-budget.ts";

const IDS = ["a", "b", "c", "d", "e", "f"];
const GROUPS = ["q1", "q2", "q3", "q4"];
const ESTIMATE = 10;
const LONGEST_WAIT_MS = 1000;

const anyDeployment = fc.record({
  region: fc.constantFrom("us", "eu", "ap"),
  provider: fc.constantFrom("acme", "umbrella"),
  quotaGroup: fc.constantFrom(...GROUPS),
  window: fc.constantFrom(1000, 2000, 4000),
});
const result = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.constantFrom<Act["result"]>(
      "throttled",
      "throttled",
      "outage",
      "outage",
      "malformed",
      "context_overflow",
    ),
  },
  { weight: 4, arbitrary: fc.constantFrom<Act["result"]>("silent", "ok", "ok") },
  { weight: 1, arbitrary: fc.constant<Act["result"]>("throw") },
  { weight: 1, arbitrary: fc.constantFrom<Act["result"]>(...(Object.keys(FAULTS) as FaultKind[])) },
);
const act: fc.Arbitrary<Act> = fc
  .record({
    result,
    takes: fc.integer({ min: 1, max: 3000 }),
    wish: fc.option(fc.oneof(fc.nat(5000), fc.nat(300)), { freq: 2 }),
    cost: fc.option(fc.nat(12)),
  })
  .map(({ result, takes, wish, cost }) => ({
    result,
    takes,
    ...(wish === null ? {} : { retryAfterMs: wish }),
    ...(cost === null ? {} : { cost }),
  }));
const condition = fc.oneof(
  { weight: 12, arbitrary: fc.constant("closed") },
  { weight: 4, arbitrary: fc.constantFrom("failures", "slow", "forced", "cooling") },
);

const scenario = fc.record({
  deployments: fc.array(anyDeployment, { minLength: IDS.length, maxLength: IDS.length }),
  scripts: fc.array(fc.array(act, { minLength: 1, maxLength: 4 }), {
    minLength: IDS.length,
    maxLength: IDS.length,
  }),
  conditions: fc.array(condition, { minLength: IDS.length, maxLength: IDS.length }),
  rungs: fc.array(fc.array(fc.nat(IDS.length - 1), { minLength: 1, maxLength: 3 }), {
    minLength: 1,
    maxLength: 3,
  }),
  maxAttempts: fc.constantFrom(1, 2, 3, 4, 6),
  deadlineMs: fc.oneof(fc.integer({ min: 20, max: 20_000 }), fc.constantFrom(8000, 15_000, 20_000)),
  costCeiling: fc.option(fc.constantFrom(5, 15, 25, 35, 45, 55), { freq: 2 }),
  degraded: fc.boolean(),
  formatRetries: fc.nat(2),
  hedge: fc.option(fc.record({ after: fc.nat(1500), share: fc.constantFrom(0.5, 1, 1) }), { freq: 2 }),
  models: fc.constantFrom(1, 1, 2),
  retries: fc.constantFrom(0, 1, 2, 10, 10),
  /** What other requests are told meanwhile. */
  told: fc.array(
    fc.record({ at: fc.nat(3000), quotaGroup: fc.constantFrom(...GROUPS), forMs: fc.nat(2500) }),
    { maxLength: 3 },
  ),
  leavesAt: fc.oneof({ weight: 5, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: fc.nat(5000) }),
});
type Scenario = typeof scenario extends fc.Arbitrary<infer Value> ? Value : never;

interface Climbed {
  readonly on: Stage;
  readonly plan: RoutePlan;
  readonly climb: Climb<string>;
  readonly calls: readonly LoggedCall[];
  readonly deadlineAt: number;
  readonly budget: CountedBudget;
  readonly given: Scenario;
}

async function play(given: Scenario): Promise<Climbed> {
  const all = given.deployments
    .map(({ window, ...change }, index) => deployment(IDS[index] ?? "", change, window))
    .map((one, index) => ({ ...one, model: { ...one.model, id: `model-${index % given.models}` } }));
  const ladder = given.rungs.map((rung) =>
    rung.map((index) => all[index]).filter((found) => found !== undefined),
  );
  const route = plan(ladder, {
    maxAttempts: given.maxAttempts,
    deadlineMs: given.deadlineMs,
    costCeiling: given.costCeiling,
    hedge: given.hedge && { after: given.hedge.after, maxShare: given.hedge.share },
    degraded: given.degraded ? [{ mode: "template", message: "Sorry.", status: 200 }] : [],
    timeouts: { connect: 500, firstToken: 2000, idle: 1000, total: 5000 },
  });
  const on = stage(route, Object.fromEntries(given.scripts.map((script, index) => [IDS[index], script])));
  // What cools down lets nothing through that could fail: circuits are opened before.
  for (const isCooling of [false, true]) {
    all.forEach((found, index) => {
      const into = given.conditions[index] ?? "closed";
      if ((into === "cooling") === isCooling) bringInto(on, found, into);
    });
  }
  for (const { at, quotaGroup, forMs } of given.told) {
    on.clock.after(at, () => on.health.coolUntil(quotaGroup, on.clock.now() + forMs));
  }
  const leaves = new AbortController();
  if (given.leavesAt !== null) on.clock.after(given.leavesAt, () => leaves.abort());
  const deadlineAt = on.clock.now() + given.deadlineMs;
  const budget = countedBudget({
    budgetRatio: 0,
    budgetPerSecond: given.retries / BUDGET_WINDOW_SECONDS,
  });
  const climb = await on.run({
    formatRetries: given.formatRetries,
    retryBudget: budget,
    estimateCost: () => ESTIMATE,
    estimateAbandoned: () => ({ usage: NO_USAGE, cost: ESTIMATE / 2 }),
    signal: leaves.signal,
    retry: { ...retrySettings, maxRetryAfterMs: LONGEST_WAIT_MS },
  });
  return { on, plan: route, climb, calls: on.calls, deadlineAt, budget, given };
}

function bringInto(on: Stage, { id, quotaGroup }: Deployment, into: string): void {
  const now = on.clock.now();
  if (into === "forced") on.health.forceOpen(id, "ops");
  if (into === "cooling") on.health.coolUntil(quotaGroup, now + 1500);
  if (into !== "failures" && into !== "slow") return;
  for (let count = 0; count < 10; count++) {
    const permit = on.health.admit(id, now);
    if (typeof permit !== "string")
      permit.settle(into === "slow" ? "good" : "bad", now, into === "slow" ? 9000 : undefined);
  }
}

/** The deployment of the call that was made beside a slow one; null: there was none. */
function hedgeOf({ climb }: Pick<Climbed, "climb">): string | null {
  return climb.attempts.find((attempt) => attempt.hedge)?.deployment ?? null;
}

/** The calls, and how each of them is on record, in the order in which they were made. */
function recorded(climb: Climb<string>) {
  const calls = climb.attempts.filter((attempt) => attempt.result !== "skipped");
  // Two that began in the same millisecond: the hedge was second.
  return calls.toSorted((a, b) => a.startedAtMs - b.startedAtMs || (a.hedge ? 1 : 0) - (b.hedge ? 1 : 0));
}

/** Each is said of every pair of calls in order, or of the whole climb. */
const laws: Record<string, (climbed: Climbed) => void> = {
  "bounded: no more calls than the plan allows, numbered from 1": ({ plan, calls }) => {
    expect(calls.length).toBeLessThanOrEqual(plan.maxAttempts);
    expect(calls.map((call) => call.number)).toEqual(calls.map((_, index) => index + 1));
  },
  "ordered: no rung is descended, but for a hedge": ({ plan, calls, climb }) => {
    const hedge = hedgeOf({ climb });
    const order = calls
      .filter((call) => call.deployment.id !== hedge)
      .map((call) => plan.rungs.findIndex((rung) => rung.kind === call.rung));
    expect(order).toEqual(order.toSorted((a, b) => a - b));
  },
  "the retry budget is respected": ({ calls, given }) => {
    const seconds = Math.floor(given.deadlineMs / 1000) + 1;
    const windows = Math.ceil(seconds / BUDGET_WINDOW_SECONDS);
    expect(calls.length).toBeLessThanOrEqual(1 + given.retries * windows);
  },
  "every call but the first is paid for, and nothing else is": ({ calls, budget }) => {
    expect(budget.payments).toHaveLength(Math.max(0, calls.length - 1));
  },
  "the deadline is respected: no start without time to be of use, no allowance beyond it": ({
    calls,
    deadlineAt,
  }) => {
    for (const call of calls) {
      expect(deadlineAt - call.at).toBeGreaterThanOrEqual(MINIMUM_ATTEMPT_MS);
      expect(call.at + call.timeouts.total).toBeLessThanOrEqual(deadlineAt + 1e-6);
    }
  },
  "the cost ceiling is respected, as far as costs are known": ({ plan, climb }) => {
    let spent = 0;
    for (const attempt of recorded(climb)) {
      expect(spent + ESTIMATE).toBeLessThanOrEqual(plan.costCeiling ?? Number.POSITIVE_INFINITY);
      spent += attempt.cost ?? 0;
    }
  },
  "every call is recorded as it went": ({ climb, calls }) => {
    const rows = recorded(climb);
    expect(rows.map((attempt) => attempt.deployment)).toEqual(calls.map((call) => call.deployment.id));
    expect(rows.filter((attempt) => attempt.result === "ok").length).toBe(climb.ok ? 1 : 0);
    if (climb.ok)
      expect(climb.attempts.at(-1)).toMatchObject({ result: "ok", deployment: climb.deployment.id });
  },
  "one hedge at the most: the second call, of the same model, in no doubt, after the delay, beside the first":
    ({ climb, calls, given, plan }) => {
      const hedges = climb.attempts.filter((attempt) => attempt.hedge);
      const lost = climb.attempts.filter((attempt) => attempt.result === "hedged_out");
      expect(hedges.length).toBeLessThanOrEqual(plan.hedge?.maxShare === 1 ? 1 : 0);
      expect(lost.length).toBeLessThanOrEqual(hedges.length);
      const [hedge] = hedges;
      if (!hedge || !given.hedge) return;
      const [first, second] = calls;
      expect(second?.deployment.id).toBe(hedge.deployment);
      expect(second?.deployment.model.id).toBe(first?.deployment.model.id ?? "");
      expect(given.conditions[IDS.indexOf(hedge.deployment)]).toMatch(/closed|cooling/);
      const beside = recorded(climb)[0];
      expect(hedge.startedAtMs).toBe((beside?.startedAtMs ?? 0) + given.hedge.after);
      expect(hedge.startedAtMs).toBeLessThanOrEqual((beside?.startedAtMs ?? 0) + (beside?.durationMs ?? 0));
    },
  "two calls at once at the most, and those only in a race": ({ climb }) => {
    const rows = recorded(climb);
    const together = rows.filter((row, index) => {
      const next = rows[index + 1];
      return next !== undefined && next.startedAtMs < row.startedAtMs + row.durationMs;
    });
    expect(together.length).toBeLessThanOrEqual(hedgeOf({ climb }) === null ? 0 : 1);
  },
  "only throttling and a bad format are tried again on the same deployment, and those at once": ({
    calls,
    climb,
  }) => {
    const faults = recorded(climb);
    calls.forEach((call, index) => {
      const earlier = calls.findLastIndex(
        (other, at) => at < index && other.deployment.id === call.deployment.id,
      );
      if (earlier < 0) return;
      // A hedge that had begun meanwhile is no call in between.
      const between = faults.slice(earlier + 1, index).filter((row) => !row.hedge);
      expect(between).toEqual([]);
      expect(["throttled", "malformed"]).toContain(faults[earlier]?.fault?.kind ?? "none");
    });
  },
  "whoever has waited as it was told is called, unless others were told what nobody waits for": ({
    climb,
    calls,
    plan,
    given,
  }) => {
    const rows = recorded(climb);
    const all = new Map(plan.rungs.flatMap(({ candidates }) => candidates).map((one) => [one.id, one]));
    climb.attempts.forEach(({ deployment, skipped, startedAtMs }, index) => {
      const before = climb.attempts[index - 1];
      if (skipped !== "cooling_down" || before?.deployment !== deployment) return;
      const wish = calls[rows.indexOf(before)]?.act.retryAfterMs;
      if (wish === undefined || before.fault?.kind !== "throttled" || hedgeOf({ climb })) return;
      const isLong = given.told.some(
        ({ at, quotaGroup, forMs }) =>
          quotaGroup === all.get(deployment)?.quotaGroup && at + forMs > startedAtMs + LONGEST_WAIT_MS,
      );
      expect(isLong).toBe(true);
    });
  },
  "a complaint follows that deployment's own malformed answer, as often as the policy says": ({
    calls,
    climb,
    given,
  }) => {
    const rows = recorded(climb);
    let complaints = 0;
    calls.forEach((call, index) => {
      if (!call.complaint) return;
      const own = rows.findLast((row, at) => at < index && row.deployment === call.deployment.id);
      const previous = rows.findLast((row, at) => at < index && (row === own || !row.hedge));
      expect(previous).toBe(own);
      if (own?.fault?.kind === "malformed") complaints++;
    });
    expect(complaints).toBeLessThanOrEqual(given.formatRetries);
  },
  "after an overflow only larger models are asked": ({ calls, climb }) => {
    const faults = recorded(climb);
    let overflowed = 0;
    calls.forEach((call, index) => {
      if (faults[index]?.hedge) return;
      expect(call.deployment.model.contextWindow).toBeGreaterThan(overflowed);
      if (faults[index]?.fault?.kind !== "context_overflow") return;
      overflowed = Math.max(overflowed, call.deployment.model.contextWindow);
    });
  },
  "a fault that stops is the last, but for a hedge's": ({ climb }) => {
    climb.attempts.forEach((attempt, index) => {
      const kind = attempt.fault?.kind;
      if (kind && !attempt.hedge && FAULTS[kind].next === "stop")
        expect(index).toBe(climb.attempts.length - 1);
    });
  },
  "nobody is refused without a call for a suspicion alone": ({ climb, calls, given }) => {
    if (climb.ok || climb.cause !== "exhausted" || calls.length > 0 || given.degraded) return;
    for (const { skipped, deployment } of climb.attempts) {
      if (skipped !== "cooling_down" && skipped !== "cost_ceiling")
        expect(given.conditions[IDS.indexOf(deployment)]).toBe("forced");
    }
  },
  "a deployment that an operator took out is never called": ({ calls, given }) => {
    for (const call of calls) expect(given.conditions[IDS.indexOf(call.deployment.id)]).not.toBe("forced");
  },
  "the cause fits the fault": ({ climb }) => {
    if (climb.ok) return;
    const { kind, code } = climb.fault;
    if (climb.cause === "cancelled") expect(kind).toBe("cancelled");
    else if (climb.cause === "deadline") expect([kind, code]).toEqual(["exhausted", "deadline_exceeded"]);
    else if (climb.cause === "exhausted") expect([kind, code]).toEqual(["exhausted", "all_attempts_failed"]);
    else expect(FAULTS[kind].next === "stop" || kind === "context_overflow").toBe(true);
    if (climb.cause !== "stopped" && climb.cause !== "cancelled")
      expect(climb.fault.message).not.toContain("private");
  },
  "nothing is left behind: no permit, no timer": ({ climb, on }) => {
    if (climb.ok) climb.settle("good");
    for (const row of on.health.report(on.clock.now())) expect(row.inFlight).toBe(0);
    expect(on.clock.pending).toBe(0);
  },
};

test("every law holds for every climb", async () => {
  const seen = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(scenario, async (given) => {
      const climbed = await play(given);
      const { climb } = climbed;
      const raced = climb.attempts.filter((attempt) => attempt.result === "hedged_out");
      const races = raced.map((attempt) => (attempt.hedge ? "a hedge lost" : "a hedge won"));
      for (const key of [climb.ok ? "ok" : climb.cause, `${climbed.calls.length} calls`, ...races]) {
        seen.set(key, (seen.get(key) ?? 0) + 1);
      }
      for (const [law, holds] of Object.entries(laws)) {
        try {
          holds(climbed);
        } catch (broken) {
          throw new Error(`broken law: ${law}`, { cause: broken });
        }
      }
    }),
    { numRuns: 1500 },
  );
  // The scenarios must have been varied enough to go everywhere.
  const everywhere = [
    "ok",
    "stopped",
    "exhausted",
    "deadline",
    "cancelled",
    "0 calls",
    "1 calls",
    "2 calls",
    "3 calls",
    "a hedge won",
    "a hedge lost",
  ];
  expect([...seen.keys()]).toEqual(expect.arrayContaining(everywhere));
});
