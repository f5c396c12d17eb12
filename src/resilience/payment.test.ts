/** What a climb has paid for and what it has not: a payment that no call follows is others' to spend. */
import { expect, test } from "bun:test";
import { countedBudget } from "./fake-budget.ts";
import { ids, other, usOne } from "./fake-fleet.ts";
import { deployment, plan } from "./fake-plan.ts";
import { type Act, stage } from "./fake-provider.ts";

const ONE = { budgetRatio: 0, budgetPerSecond: 0.1 };
const WAIT: Act = { result: "throttled", retryAfterMs: 2000 };

test("a caller who leaves during a wait has paid for no call", async () => {
  const retryBudget = countedBudget(ONE);
  const on = stage(plan([[usOne]]), { "us-1": [{ ...WAIT, takes: 1500 }] });
  const controller = new AbortController();
  on.clock.after(2600, () => controller.abort());
  const climbed = await on.run({ retryBudget, signal: controller.signal });
  expect(climbed).toMatchObject({ ok: false, cause: "cancelled" });
  expect(retryBudget.payments).toEqual([]);
  // Given back in the second in which it was taken: none is missing, and none too many.
  expect(retryBudget.available(on.clock.now())).toBe(1);
});

test("a wait after which nobody may be called has paid for no call", async () => {
  const retryBudget = countedBudget(ONE);
  const on = stage(plan([[usOne]]), { "us-1": [WAIT] });
  on.clock.after(1000, () => on.health.forceOpen("us-1", "ops"));
  const climbed = await on.run({ retryBudget });
  expect(climbed.attempts.map(({ skipped, fault }) => skipped ?? fault?.kind)).toEqual([
    "throttled",
    "circuit_open",
  ]);
  expect(retryBudget.payments).toEqual([]);
});

test("what was paid before a wait pays for whoever is called after it", async () => {
  const retryBudget = countedBudget(ONE);
  const on = stage(plan([[usOne], [other]]), { "us-1": [WAIT] });
  const paidAt = on.clock.now() + 1;
  on.clock.after(1000, () => on.health.forceOpen("us-1", "ops"));
  expect(await on.run({ retryBudget })).toMatchObject({ ok: true });
  expect(ids(on)).toEqual(["us-1", "other"]);
  expect(retryBudget.payments).toEqual([paidAt]);
});

test("what nobody could be told after a wait has paid for no call", async () => {
  const retryBudget = countedBudget(ONE);
  const narrow = deployment("narrow");
  const on = stage(plan([[usOne], [narrow]]), {
    "us-1": [WAIT],
    narrow: [{ result: "invalid", unsent: true }],
  });
  on.clock.after(1000, () => on.health.forceOpen("us-1", "ops"));
  await on.run({ retryBudget });
  expect(ids(on)).toEqual(["us-1", "narrow"]);
  expect(retryBudget.payments).toEqual([]);
});

test("a second call beside a slow one is paid for where it was sent, and not where it could not be", async () => {
  for (const [act, paid] of [
    [{ result: "ok" }, 1],
    [{ result: "invalid", unsent: true }, 0],
  ] as const) {
    const retryBudget = countedBudget(ONE);
    const route = plan([[deployment("us")], [deployment("eu")]], { hedge: { after: 500, maxShare: 1 } });
    const on = stage(route, { us: [{ result: "ok", takes: 3000 }], eu: [act] });
    expect(await on.run({ retryBudget })).toMatchObject({ ok: true });
    expect(ids(on)).toEqual(["us", "eu"]);
    expect(retryBudget.payments).toHaveLength(paid);
    // Nor does it take the use case's share of such calls.
    expect(retryBudget.hedges.covers(route.useCase)).toBe(paid === 0);
  }
});
