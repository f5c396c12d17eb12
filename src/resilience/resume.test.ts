/** A climb that goes on where others of the same request ended. */
import { expect, test } from "bun:test";
import { aSummary, eu, ids, other, usOne, usTwo, usual } from "./fake-fleet.ts";
import { deployment, plan } from "./fake-plan.ts";
import { stage } from "./fake-provider.ts";
import { createRetryBudget } from "./retry-budget.ts";

const settings = { budgetRatio: 0, budgetPerSecond: 0 };

test.each([
  ["answered", "ok", ["us-1"]],
  ["failed", "fault", []],
] as const)("a summary that was %s before the first call", async (_what, result, called) => {
  const on = stage(plan(usual));
  const resume = { attempts: [aSummary(result)], left: [] };
  const climbed = await on.run({ retryBudget: createRetryBudget(settings), resume });
  expect(ids(on)).toEqual([...called]);
  expect(on.calls.map(({ number }) => number)).toEqual(called.map(() => 2));
  expect(climbed.ok).toBe(called.length > 0);
});

test("what was left stays left in the next climb of the request: a quota that is used up, a region", async () => {
  const [spent, sharing] = [usOne, usTwo].map((one) => ({ ...one, quotaGroup: "shared" }));
  if (!spent || !sharing) throw new Error("nobody");
  const near = deployment("near", { region: "eu" });
  const first = await stage(plan([[spent], [eu], [other]]), {
    "us-1": [{ result: "throttled", lasting: true }],
    eu: [{ result: "outage" }],
  }).run();
  expect(first.left.map(({ deployment: { id }, scope }) => [id, scope])).toEqual([
    ["us-1", "lasting_quota"],
    ["eu", "region"],
  ]);
  const on = stage(plan([[sharing, near], [other]], { maxAttempts: 9 }));
  const resume = { attempts: first.attempts, left: first.left };
  await on.run({ resume });
  expect(ids(on)).toEqual(["other"]);
});

test("whom this very request was too long for stays too small in its next climb", async () => {
  const [small, twin, large] = [
    deployment("small", {}, 4000),
    deployment("twin", {}, 4000),
    deployment("large"),
  ];
  const route = plan(
    [
      [small, twin],
      [large, other],
    ],
    { maxAttempts: 4 },
  );
  const refusing = { small: [{ result: "context_overflow" }] } as const;
  const first = await stage(route, refusing).run();
  expect(first).toMatchObject({ ok: true, overflowed: 4000 });
  const on = stage(route);
  const { attempts, left, overflowed } = first;
  const broken = [...left, { deployment: large, scope: "deployment" }] as const;
  await on.run({ resume: { attempts, left: broken, overflowed } });
  expect(ids(on)).toEqual(["other"]);
  // Also where the ladder was to stop at it, so that the request could be made shorter.
  expect(await stage(route, refusing).run({ stopsAtOverflow: true })).toMatchObject({
    ok: false,
    cause: "stopped",
    overflowed: 4000,
  });
});
