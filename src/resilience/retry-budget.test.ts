import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { BUDGET_WINDOW_SECONDS, createRetryBudget } from "./retry-budget.ts";

const start = 1_700_000_000_000;

describe("createRetryBudget", () => {
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

  test("over any traffic and any span, withdrawals stay within the stated bound", () => {
    const traffic = fc.array(fc.record({ wait: fc.nat(4000), requests: fc.nat(6), tries: fc.nat(8) }), {
      maxLength: 60,
    });
    const ratio = fc.constantFrom(0, 0.1, 0.2, 0.5, 1);
    const perSecond = fc.constantFrom(0, 0.1, 0.5, 1);
    fc.assert(
      fc.property(traffic, ratio, perSecond, (steps, budgetRatio, budgetPerSecond) => {
        const budget = createRetryBudget({ budgetRatio, budgetPerSecond });
        const seconds: { second: number; requests: number; withdrawals: number }[] = [];
        let now = start;
        for (const step of steps) {
          now += step.wait;
          for (let request = 0; request < step.requests; request++) budget.deposit(now);
          let withdrawals = 0;
          for (let attempt = 0; attempt < step.tries; attempt++) if (budget.withdraw(now)) withdrawals++;
          seconds.push({ second: Math.floor(now / 1000), requests: step.requests, withdrawals });
        }
        const first = seconds[0]?.second ?? 0;
        const spent = seconds.reduce((sum, entry) => sum + entry.withdrawals, 0);
        const requests = seconds.reduce((sum, entry) => sum + entry.requests, 0);
        const windows = Math.ceil((Math.floor(now / 1000) - first + 1) / BUDGET_WINDOW_SECONDS);
        const floor = budgetPerSecond * BUDGET_WINDOW_SECONDS * windows;
        expect(spent).toBeLessThanOrEqual(budgetRatio * requests + floor + 1e-6);
      }),
    );
  });
});
