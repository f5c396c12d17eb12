import { describe, expect, test } from "bun:test";
import { seededRandom } from "../../core/clock.ts";
import { costWithin, estimateCost } from "../../core/estimate-cost.ts";
import type { RoutePlan, RungKind } from "../../core/plan.ts";
import type { ModelRequest } from "../../core/request.ts";
import { BASE_POLICY, FAKE_REQUEST, routeInput, snapshotOf } from "../fake-policy.ts";
import { asOrdered, exercised } from "./exercise.ts";
import { planRoute, type RouteInput } from "./plan.ts";

const SHARE = 0.1;
const POLICY = BASE_POLICY.replace(
  "max_output_tokens: 40",
  `max_output_tokens: 40\n    exercise: { share: ${SHARE} }`,
);
const USUAL: RungKind[] = ["primary", "cross-region", "fallback"];

function plans(count: number, change: Partial<RouteInput> = {}) {
  const input = routeInput(snapshotOf(POLICY), { random: seededRandom(7), ...change });
  return Array.from({ length: count }, () => {
    const planned = planRoute(input);
    if (!planned.ok) throw new Error(planned.fault.message);
    return { exercise: planned.value.exercise, rungs: planned.value.rungs.map(({ kind }) => kind) };
  });
}

const exercisedOf = (request: Partial<ModelRequest>) =>
  plans(500, { request: { ...FAKE_REQUEST, ...request } }).filter(({ exercise }) => exercise);

describe("exercise", () => {
  test("puts a later rung first for its share of the requests, each one as often", () => {
    const all = plans(10_000);
    const taken = all.filter(({ exercise }) => exercise);
    expect(taken.length / all.length).toBeCloseTo(SHARE, 1);
    const byFirst = Object.groupBy(taken, ({ rungs }) => rungs[0] ?? "none");
    expect(Object.keys(byFirst).toSorted()).toEqual(["cross-region", "fallback"]);
    for (const group of Object.values(byFirst)) {
      expect((group?.length ?? 0) / taken.length).toBeGreaterThan(0.4);
    }
  });

  test("the whole ladder follows in its order: the primary catches what the fallback drops", () => {
    const orders = new Set(plans(500).map(({ rungs }) => rungs.join(" ")));
    expect([...orders].toSorted()).toEqual([
      "cross-region primary cross-region fallback",
      "fallback primary cross-region fallback",
      "primary cross-region fallback",
    ]);
  });

  test("the same draws exercise the same requests", () => {
    expect(plans(200)).toEqual(plans(200));
  });

  test("a rung that the contract does not admit is never exercised", () => {
    const image = { type: "image", source: { kind: "url", url: "https://x.example/a.png" } } as const;
    const rungs = exercisedOf({ messages: [{ role: "user", content: [image] }] }).map(
      ({ rungs }) => rungs[0],
    );
    expect([...new Set(rungs)]).toEqual(["cross-region"]);
    expect(exercisedOf({ contract: { residency: ["us-east-1"] } })).toEqual([]);
  });

  test("one deployment of it is called, and not where no call would be left for the primary", () => {
    const planned = planRoute(routeInput(snapshotOf(BASE_POLICY)));
    if (!planned.ok) throw new Error(planned.fault.message);
    const { rungs } = planned.value;
    const wide = {
      ...planned.value,
      rungs: rungs.map((rung) => ({ ...rung, candidates: rungs.flatMap((one) => one.candidates) })),
    };
    const made = exercised(wide, 0.5, FAKE_REQUEST, () => 0);
    expect(made.rungs.map(({ candidates }) => candidates.length)).toEqual([1, 3, 3, 3]);
    expect(asOrdered(made)).toEqual(wide);
    expect(asOrdered(wide)).toBe(wide);
    const once = { ...planned.value, maxAttempts: 1 };
    expect(exercised(once, 0.5, FAKE_REQUEST, () => 0)).toBe(once);
  });

  test("one whose ceiling may not hold for another call as well is left alone", () => {
    const planned = planRoute(routeInput(snapshotOf(BASE_POLICY)));
    if (!planned.ok) throw new Error(planned.fault.message);
    const { value: plan } = planned;
    const costs = plan.rungs.flatMap(({ candidates }) =>
      candidates.map(({ model }) => estimateCost(plan, model) ?? 0),
    );
    const [first = 0, exercisedCost = 0] = costs;
    expect(first).toBeGreaterThan(0);
    const bothCost = exercisedCost + Math.max(...costs);
    const made = (costCeiling: number) =>
      exercised({ ...plan, costCeiling }, 0.5, FAKE_REQUEST, () => 0).exercise;
    expect([made(bothCost - 1), made(bothCost)]).toEqual([false, true]);
  });

  test("one whose answer nobody limits may use up the ceiling before the ladder's own call", () => {
    const planned = planRoute(routeInput(snapshotOf(BASE_POLICY)));
    if (!planned.ok) throw new Error(planned.fault.message);
    const plan: RoutePlan = { ...planned.value, openEnded: true };
    const all = plan.rungs[1]?.candidates.map(({ model }) => costWithin(plan, model, 1e12) ?? 0) ?? [];
    const costs = plan.rungs.flatMap(({ candidates }) =>
      candidates.map(({ model }) => estimateCost(plan, model) ?? 0),
    );
    const bothCost = Math.max(...all) + Math.max(...costs);
    const made = (costCeiling: number) =>
      exercised({ ...plan, costCeiling }, 0.5, FAKE_REQUEST, () => 0).exercise;
    expect([made(bothCost - 1), made(bothCost)]).toEqual([false, true]);
  });

  test("counting is not exercised", () => {
    expect(exercisedOf({ operation: "count_tokens" })).toEqual([]);
  });

  test("a request in an arm of an experiment keeps it", () => {
    const planned = planRoute(routeInput(snapshotOf(BASE_POLICY)));
    if (!planned.ok) throw new Error(planned.fault.message);
    const experiment = { rollout: "new-model", arm: "candidate" };
    const plan: RoutePlan = {
      ...planned.value,
      arm: { experiment, label: "new-model/candidate", change: null },
    };
    expect(exercised(plan, 0.5, FAKE_REQUEST, () => 0)).toBe(plan);
    expect(exercised(planned.value, 0.5, FAKE_REQUEST, () => 0).exercise).toBe(true);
  });

  test("without the setting nothing is drawn for it", () => {
    let draws = 0;
    const random = () => {
      draws++;
      return 0;
    };
    const planned = planRoute(routeInput(snapshotOf(BASE_POLICY), { random }));
    expect(planned.ok && planned.value.rungs.map(({ kind }) => kind)).toEqual(USUAL);
    expect(planned.ok && planned.value.exercise).toBe(false);
    expect(draws).toBe(0);
  });
});
