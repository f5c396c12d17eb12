import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { seededRandom } from "../../core/clock.ts";
import type { Deployment } from "../../core/deployment.ts";
import { BASE_POLICY, FAKE_CALLER, FAKE_HEALTH, snapshotOf } from "../fake-policy.ts";
import { orderCandidates, type SelectionInput } from "./selection.ts";

const template = snapshotOf(BASE_POLICY).deployments.get("large-us");

function deployment(id: string, change: Partial<Deployment> = {}): Deployment {
  if (template === undefined) throw new Error("no template");
  return { ...template, id, weight: 1, ...change };
}

function input(change: Partial<SelectionInput> = {}): SelectionInput {
  return {
    health: FAKE_HEALTH,
    random: seededRandom(7),
    caller: FAKE_CALLER,
    user: undefined,
    inputTokens: 100,
    outputTokens: 100,
    choices: 1,
    ...change,
  };
}

const idsOf = (candidates: readonly Deployment[]) => candidates.map(({ id }) => id);

test("every selection keeps every candidate", () => {
  const selections = ["weighted", "lowest_latency", "least_busy", "lowest_cost", "sticky"] as const;
  fc.assert(
    fc.property(
      fc.constantFrom(...selections),
      fc.array(fc.nat(3), { maxLength: 8 }),
      fc.nat(),
      (selection, weights, seed) => {
        const candidates = weights.map((weight, index) => deployment(`d${index}`, { weight }));
        const ordered = orderCandidates(candidates, selection, input({ random: seededRandom(seed) }));
        expect(idsOf(ordered).toSorted()).toEqual(idsOf(candidates).toSorted());
      },
    ),
  );
});

test("weighted: each is first as often as its weight says, within five standard deviations", () => {
  const rounds = 2000;
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 2, maxLength: 4 }),
      fc.nat(),
      (weights, seed) => {
        const candidates = weights.map((weight, index) => deployment(`d${index}`, { weight }));
        const random = seededRandom(seed);
        const firsts = new Map<string, number>();
        for (let round = 0; round < rounds; round++) {
          const first = orderCandidates(candidates, "weighted", input({ random }))[0]?.id ?? "";
          firsts.set(first, (firsts.get(first) ?? 0) + 1);
        }
        const total = weights.reduce((sum, weight) => sum + weight, 0);
        for (const [index, weight] of weights.entries()) {
          const share = weight / total;
          const deviation = Math.sqrt(rounds * share * (1 - share));
          expect(Math.abs((firsts.get(`d${index}`) ?? 0) - rounds * share)).toBeLessThan(5 * deviation);
        }
      },
    ),
    { numRuns: 20, seed: 42 },
  );
});

test("weighted: exact among forty, some of weight 0, and for the second place as well", () => {
  const candidates = Array.from({ length: 40 }, (_, i) => deployment(`d${i}`, { weight: i % 4 }));
  const total = candidates.reduce((sum, { weight }) => sum + weight, 0);
  const rounds = 20_000;
  const random = seededRandom(9);
  const firsts = new Map<string, number>();
  let seconds = 0;
  for (let round = 0; round < rounds; round++) {
    const order = orderCandidates(candidates, "weighted", input({ random }));
    const first = order[0]?.id ?? "";
    firsts.set(first, (firsts.get(first) ?? 0) + 1);
    if (order[1]?.id === "d3") seconds++;
    // Whoever has weight 0 comes after everybody else, in the order of the policy.
    expect(order.slice(30).map(({ weight }) => weight)).toEqual(Array(10).fill(0));
  }
  const fits = (count: number, share: number) =>
    Math.abs(count - rounds * share) < 5 * Math.sqrt(rounds * share * (1 - share));
  for (const { id, weight } of candidates) {
    if (weight > 0) expect(fits(firsts.get(id) ?? 0, weight / total)).toBe(true);
    else expect(firsts.get(id)).toBeUndefined();
  }
  // Drawn without replacement: after i was first, d3 is next with 3 / (total - weight of i).
  const second = candidates.reduce(
    (sum, { id, weight }) => (id === "d3" ? sum : sum + (weight / total) * (3 / (total - weight))),
    0,
  );
  expect(fits(seconds, second)).toBe(true);
});

test.each([0, 0.5, 1 - 2 ** -53])("weighted: of two, weight 0 loses whatever is drawn (%d)", (drawn) => {
  const some = deployment("some", { weight: 3 });
  const none = deployment("none", { weight: 0 });
  for (const pair of [
    [some, none],
    [none, some],
  ]) {
    expect(idsOf(orderCandidates(pair, "weighted", input({ random: () => drawn })))).toEqual([
      "some",
      "none",
    ]);
  }
  const both = [none, deployment("neither", { weight: 0 })];
  expect(orderCandidates(both, "weighted", input({ random: () => drawn }))).toEqual(both);
});

test.each([2, 3])("weight 0 comes last among %d", (count) => {
  const candidates = [deployment("drained", { weight: 0 })];
  for (let i = 1; i < count; i++) candidates.push(deployment(`d${i}`));
  const random = seededRandom(3);
  for (let round = 0; round < 200; round++) {
    expect(orderCandidates(candidates, "weighted", input({ random })).at(-1)?.id).toBe("drained");
  }
});

test("lowest cost counts the output of each choice", () => {
  const of = (id: string, prices: readonly [number, number]) => {
    const base = deployment(id);
    return { ...base, model: { ...base.model, prices: { input: prices[0], output: prices[1] } } };
  };
  const reader = of("reader", [10, 30]);
  const writer = of("writer", [40, 10]);
  const order = (choices: number) =>
    idsOf(orderCandidates([reader, writer], "lowest_cost", input({ choices })));
  expect(order(1)).toEqual(["reader", "writer"]);
  expect(order(3)).toEqual(["writer", "reader"]);
});

describe("by a figure", () => {
  const candidates = [deployment("a"), deployment("b"), deployment("c")];
  const figures: Readonly<Record<string, number>> = { a: 300, b: 100, c: 200 };
  const health = {
    healthy: () => true,
    firstTokenMs: (id: string) => figures[id] ?? 0,
    inFlight: (id: string) => figures[id] ?? 0,
  };

  test.each(["lowest_latency", "least_busy"] as const)("%s", (selection) => {
    expect(idsOf(orderCandidates(candidates, selection, input({ health })))).toEqual(["b", "c", "a"]);
  });

  test("without figures no candidate is favoured for standing first", () => {
    const random = seededRandom(5);
    const firsts = new Set<string | undefined>();
    for (let round = 0; round < 50; round++)
      firsts.add(orderCandidates(candidates, "least_busy", input({ random }))[0]?.id);
    expect(firsts.size).toBe(3);
  });

  test("lowest_cost counts input and output, and an unpriced model comes last", () => {
    const model = candidates[0]?.model;
    if (model === undefined) throw new Error("no model");
    const { prices: _none, ...unpriced } = model;
    const cheapInput = deployment("cheap-input", { model: { ...model, prices: { input: 1, output: 9 } } });
    const cheapOutput = deployment("cheap-output", { model: { ...model, prices: { input: 9, output: 1 } } });
    const unknown = deployment("unknown", { model: unpriced });
    const order = (inputTokens: number) =>
      idsOf(orderCandidates([unknown, cheapInput, cheapOutput], "lowest_cost", input({ inputTokens })));
    expect(order(1000)).toEqual(["cheap-input", "cheap-output", "unknown"]);
    expect(order(10)).toEqual(["cheap-output", "cheap-input", "unknown"]);
  });

  test("lowest_cost counts the output that is planned, unless the model is known to produce less", () => {
    const model = candidates[0]?.model;
    if (model === undefined) throw new Error("no model");
    const prices = { input: 1, output: 9 };
    const brief = { ...model, maxOutputTokens: 10, prices };
    const stated = deployment("stated", { model: brief });
    const assumed = deployment("assumed", { model: { ...brief, maxOutputAssumed: true } });
    const dearer = deployment("dearer", { model: { ...brief, prices: { input: 2, output: 9 } } });
    const asked = input({ inputTokens: 100, outputTokens: 1000 });
    const order = idsOf(orderCandidates([assumed, dearer, stated], "lowest_cost", asked));
    expect(order).toEqual(["stated", "dearer", "assumed"]);
  });
});

describe("sticky", () => {
  const names = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 12 }), { minLength: 2, maxLength: 8 });

  test("survives reordering, and losing another deployment", () => {
    fc.assert(
      fc.property(names, fc.string(), fc.nat(), (ids, user, seed) => {
        const candidates = ids.map((id) => deployment(id));
        const random = seededRandom(seed);
        const order = idsOf(orderCandidates(candidates, "sticky", input({ user })));
        const shuffled = candidates.toSorted(() => random() - 0.5);
        expect(idsOf(orderCandidates(shuffled, "sticky", input({ user })))).toEqual(order);
        const without = candidates.filter(({ id }) => id !== order.at(-1));
        expect(idsOf(orderCandidates(without, "sticky", input({ user })))).toEqual(order.slice(0, -1));
      }),
    );
  });

  test("raising a deployment's weight moves callers to it and nowhere else", () => {
    fc.assert(
      fc.property(names, fc.string(), fc.nat(), fc.integer({ min: 2, max: 50 }), (ids, user, pick, more) => {
        const raised = ids[pick % ids.length];
        const before = ids.map((id) => deployment(id));
        const after = ids.map((id) => deployment(id, { weight: id === raised ? more : 1 }));
        const first = (candidates: readonly Deployment[]) =>
          orderCandidates(candidates, "sticky", input({ user }))[0]?.id;
        expect([first(before), raised]).toContain(first(after));
      }),
    );
  });

  test("callers spread by weight", () => {
    const candidates = [deployment("a", { weight: 3 }), deployment("b", { weight: 1 })];
    let first = 0;
    for (let caller = 0; caller < 4000; caller++) {
      if (orderCandidates(candidates, "sticky", input({ user: `caller-${caller}` }))[0]?.id === "a") first++;
    }
    // Binomial(4000, 3/4): five standard deviations are 137.
    expect(Math.abs(first - 3000)).toBeLessThan(137);
  });
});
