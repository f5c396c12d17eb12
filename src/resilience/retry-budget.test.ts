import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { BUDGET_WINDOW_SECONDS, type BudgetSettings, createRetryBudget } from "./retry-budget.ts";

const start = 1_700_000_000_000;
const usual: BudgetSettings = { budgetRatio: 0.2, budgetPerSecond: 10 };

describe("createRetryBudget", () => {
  test("what is given back is taken out of the second in which it was withdrawn, and of no other", () => {
    const budget = createRetryBudget({ budgetRatio: 0.2, budgetPerSecond: 0 });
    for (let request = 0; request < 100; request++) budget.deposit(start);
    for (let retry = 0; retry < 20; retry++) expect(budget.withdraw(start)).toBe(true);
    for (let retry = 0; retry < 20; retry++) budget.giveBack(start, start + 9_500);
    expect(budget.available(start + 9_500)).toBe(20);
    for (let request = 0; request < 100; request++) budget.deposit(start + 10_000);
    expect(budget.available(start + 10_000)).toBe(20);
    // Left the window in the meantime: it is given back already.
    budget.giveBack(start, start + 10_000);
    expect(budget.available(start + 10_000)).toBe(20);
  });

  test("with everything failing, the upstream sees at most 1.2 times the requests", () => {
    const budget = createRetryBudget({ budgetRatio: 0.2, budgetPerSecond: 0 });
    let calls = 0;
    for (let request = 0; request < 10_000; request++) {
      const now = start + request * 5;
      budget.deposit(now);
      calls++;
      for (let retry = 0; retry < 2; retry++) if (budget.withdraw(now)) calls++;
    }
    expect(calls).toBeLessThanOrEqual(12_000);
    expect(calls).toBeGreaterThan(11_900);
  });

  test("the floor lets a quiet gateway retry, and comes back as the window slides", () => {
    const budget = createRetryBudget({ budgetRatio: 0, budgetPerSecond: 0.2 });
    budget.deposit(start);
    expect([budget.withdraw(start), budget.withdraw(start), budget.withdraw(start)]).toEqual([
      true,
      true,
      false,
    ]);
    expect(budget.withdraw(start + 9_000)).toBe(false);
    expect(budget.available(start + 10_000)).toBe(2);
  });

  test("five requests earn one retry at a fifth each", () => {
    const budget = createRetryBudget({ budgetRatio: 0.2, budgetPerSecond: 0 });
    for (let request = 0; request < 4; request++) budget.deposit(start);
    expect(budget.withdraw(start)).toBe(false);
    budget.deposit(start);
    expect(budget.withdraw(start)).toBe(true);
    expect(budget.withdraw(start)).toBe(false);
  });

  test("new settings apply to what the window already holds", () => {
    const budget = createRetryBudget({ budgetRatio: 0, budgetPerSecond: 0 });
    for (let request = 0; request < 10; request++) budget.deposit(start);
    expect(budget.available(start)).toBe(0);
    budget.reconfigure({ budgetRatio: 0.5, budgetPerSecond: 0 });
    expect(budget.available(start)).toBe(5);
  });

  test("gateways that know how many they are stay within one budget together, however traffic falls on them", () => {
    const act = fc.record({
      who: fc.nat(9),
      do: fc.constantFrom("deposit" as const, "answered" as const, "withdraw" as const, "withdraw" as const),
      times: fc.integer({ min: 1, max: 60 }),
      afterMs: fc.nat(3000),
    });
    const property = fc.property(
      fc.integer({ min: 1, max: 10 }),
      fc.oneof(fc.nat(20), fc.constantFrom(0.1, 0.5)),
      fc.array(act, { maxLength: 60 }),
      (replicas, budgetPerSecond, acts) => {
        const settings = { budgetRatio: 0.2, budgetPerSecond };
        const fleet = Array.from({ length: replicas }, () => createRetryBudget(settings));
        for (const budget of fleet) budget.share(replicas);
        const seen = { requests: 0, retries: 0 };
        const floor = budgetPerSecond && Math.max(replicas, budgetPerSecond * BUDGET_WINDOW_SECONDS);
        let now = start;
        for (const one of acts) {
          now += one.afterMs;
          const budget = fleet[one.who % replicas];
          for (let count = 0; budget && count < one.times; count++) {
            if (one.do === "answered") budget.answered(now);
            if (one.do === "deposit") budget.deposit(now);
            if (one.do === "deposit") seen.requests++;
            if (one.do === "withdraw" && budget.withdraw(now)) seen.retries++;
          }
          const spans = Math.ceil((Math.floor(now / 1000) - start / 1000 + 1) / BUDGET_WINDOW_SECONDS);
          expect(seen.retries).toBeLessThanOrEqual(0.2 * seen.requests + floor * spans + 1e-6);
        }
      },
    );
    fc.assert(property, { numRuns: 300 });
  });

  test.each([
    [50, 10],
    [101, 10],
    [11, 1],
    [6, 0.5],
  ])(
    "one of %d that share %d a second may still show that asking again helps",
    (replicas, budgetPerSecond) => {
      const budget = createRetryBudget({ ...usual, budgetPerSecond });
      budget.share(replicas);
      expect(budget.available(start)).toBe(1);
      expect(budget.withdraw(start)).toBe(true);
      expect(budget.withdraw(start)).toBe(false);
      expect(budget.available(start + 10_000)).toBe(1);
    },
  );

  test("while nothing is answered, only ten of the floor are given in ten seconds", () => {
    const budget = createRetryBudget(usual);
    budget.deposit(start);
    expect(budget.available(start)).toBe(10);
    for (let retry = 0; retry < 10; retry++) expect(budget.withdraw(start)).toBe(true);
    expect(budget.withdraw(start + 9_000)).toBe(false);
    expect(budget.available(start + 10_000)).toBe(10);
  });

  test("each answer lets two more be made, up to the floor and no further", () => {
    const budget = createRetryBudget(usual);
    for (let retry = 0; retry < 10; retry++) budget.withdraw(start);
    budget.answered(start + 100);
    expect(budget.available(start + 100)).toBe(2);
    for (let answer = 0; answer < 200; answer++) budget.answered(start + 100);
    expect(budget.available(start + 100)).toBe(90);
  });

  test("the floor is no addition to the share: where requests earn more, it is not there", () => {
    const budget = createRetryBudget(usual);
    for (let request = 0; request < 600; request++) budget.deposit(start);
    for (let answer = 0; answer < 600; answer++) budget.answered(start);
    expect(budget.available(start)).toBe(120);
  });

  const traffic = fc.array(
    fc.record({ wait: fc.nat(4000), requests: fc.nat(6), tries: fc.nat(8), answers: fc.nat(8) }),
    { maxLength: 60 },
  );
  const ratio = fc.constantFrom(0, 0.1, 0.2, 0.5, 1);
  const perSecond = fc.constantFrom(0, 0.1, 0.5, 1, 3);
  type Traffic = typeof traffic extends fc.Arbitrary<infer Value> ? Value : never;

  /** What of `steps` the budget let through; `hears`: retries are answered. `windows`: spans of ten seconds touched. */
  function spend(steps: Traffic, settings: BudgetSettings, hears: boolean) {
    const budget = createRetryBudget(settings);
    let now = start;
    let requests = 0;
    let withdrawals = 0;
    let outstanding = 0;
    for (const step of steps) {
      now += step.wait;
      const answers = hears ? Math.min(step.answers, outstanding) : 0;
      for (let answer = 0; answer < answers; answer++) budget.answered(now);
      outstanding -= answers;
      for (let request = 0; request < step.requests; request++) budget.deposit(now);
      requests += step.requests;
      for (let attempt = 0; attempt < step.tries; attempt++) {
        if (!budget.withdraw(now)) continue;
        withdrawals++;
        outstanding++;
      }
    }
    const first = Math.floor((start + (steps[0]?.wait ?? 0)) / 1000);
    const windows = Math.ceil((Math.floor(now / 1000) - first + 1) / BUDGET_WINDOW_SECONDS);
    return { requests, withdrawals, windows };
  }

  test("over any traffic and any span, withdrawals stay within the stated bound", () => {
    fc.assert(
      fc.property(traffic, ratio, perSecond, fc.boolean(), (steps, budgetRatio, budgetPerSecond, hears) => {
        const { requests, withdrawals, windows } = spend(steps, { budgetRatio, budgetPerSecond }, hears);
        const floor = budgetPerSecond * BUDGET_WINDOW_SECONDS * windows;
        expect(withdrawals).toBeLessThanOrEqual(budgetRatio * requests + floor + 1e-6);
      }),
    );
  });

  test("over any traffic that nobody answers, the floor is no more than ten in ten seconds", () => {
    fc.assert(
      fc.property(traffic, ratio, fc.constantFrom(1, 3, 10), (steps, budgetRatio, budgetPerSecond) => {
        const { requests, withdrawals, windows } = spend(steps, { budgetRatio, budgetPerSecond }, false);
        expect(withdrawals).toBeLessThanOrEqual(budgetRatio * requests + 10 * windows + 1e-6);
      }),
    );
  });

  /** Requests at an even rate that each fail after `failsAfter` and are tried twice more; retries take as long. */
  function evenly(rate: number, seconds: number, failsAfter: number, answeredAfter: number | null) {
    const budget = createRetryBudget(usual);
    const due: { readonly at: number; readonly what: "request" | "try" | "answer"; readonly left: number }[] =
      [];
    for (let request = 0; request < rate * seconds; request++) {
      due.push({ at: start + (request * 1000) / rate, what: "request", left: 2 });
    }
    let calls = 0;
    let refused = 0;
    while (due.length > 0) {
      due.sort((a, b) => a.at - b.at);
      const next = due.shift();
      if (!next) break;
      const { at, what, left } = next;
      if (what === "answer") budget.answered(at);
      else if (what === "request") {
        budget.deposit(at);
        calls++;
        due.push({ at: at + failsAfter, what: "try", left });
      } else if (!budget.withdraw(at)) refused++;
      else {
        calls++;
        if (answeredAfter !== null) due.push({ at: at + answeredAfter, what: "answer", left: 0 });
        else if (left > 1) due.push({ at: at + failsAfter, what: "try", left: left - 1 });
      }
    }
    return { calls, requests: rate * seconds, refused };
  }

  test("total silence: from five requests a second on, upstream sees 1.2 times the requests and ten more", () => {
    const scenario = [
      fc.integer({ min: 5, max: 40 }),
      fc.integer({ min: 1, max: 20 }),
      fc.nat(9000),
    ] as const;
    fc.assert(
      fc.property(...scenario, (rate, seconds, failsAfter) => {
        const { calls, requests } = evenly(rate, seconds, failsAfter, null);
        // What fails after the last request came finds a window that empties, and then the floor's ten.
        const tail = 10 * Math.ceil((2 * failsAfter) / 10_000);
        expect(calls).toBeLessThanOrEqual(1.2 * requests + 10 + tail);
      }),
      { numRuns: 40 },
    );
  });

  test("a fallback that answers within a second takes over all of up to eight requests a second", () => {
    const scenario = [
      fc.integer({ min: 1, max: 8 }),
      fc.nat(9000),
      fc.integer({ min: 1, max: 1000 }),
    ] as const;
    fc.assert(
      fc.property(...scenario, (rate, failsAfter, answeredAfter) => {
        expect(evenly(rate, 30, failsAfter, answeredAfter).refused).toBe(0);
      }),
      { numRuns: 40 },
    );
  });

  test("a gateway of few requests has every retry, though none ever helps", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 60 }), fc.nat(1000), (secondsBetween, failsAfter) => {
        expect(evenly(1 / secondsBetween, 600, failsAfter, null).refused).toBe(0);
      }),
      { numRuns: 40 },
    );
  });
});
