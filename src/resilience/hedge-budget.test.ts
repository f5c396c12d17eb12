import { expect, test } from "bun:test";
import fc from "fast-check";
import { createHedgeBudget, MAX_SAVED_HEDGES } from "./hedge-budget.ts";

test("hedges never exceed the share of requests, and no more than a few are saved up", () => {
  const steps = fc.array(fc.oneof({ weight: 3, arbitrary: fc.constant("request") }, fc.constant("hedge")), {
    maxLength: 600,
  });
  fc.assert(
    fc.property(steps, fc.constantFrom(0.01, 0.05, 0.1, 0.3, 1), (actions, share) => {
      const budget = createHedgeBudget();
      let requests = 0;
      let hedges = 0;
      let burst = 0;
      for (const action of actions) {
        if (action === "request") {
          requests++;
          burst = 0;
          budget.deposit("chat", share);
        } else {
          const covered = budget.covers("chat");
          const taken = budget.take("chat");
          expect(taken).toBe(covered);
          if (taken) {
            hedges++;
            burst++;
          }
        }
        expect(hedges).toBeLessThanOrEqual(share * requests + 1e-6);
        expect(burst).toBeLessThanOrEqual(MAX_SAVED_HEDGES);
      }
    }),
  );
});

test("every twentieth request of a share of 0.05 may be hedged, sums of fractions notwithstanding", () => {
  const budget = createHedgeBudget();
  let hedges = 0;
  for (let count = 0; count < 2000; count++) {
    budget.deposit("chat", 0.05);
    if (budget.take("chat")) hedges++;
  }
  expect(hedges).toBe(100);
});

test("one use case does not spend what another one has earned", () => {
  const budget = createHedgeBudget();
  budget.deposit("chat", 1);
  expect(budget.take("search")).toBe(false);
  expect(budget.take("chat")).toBe(true);
});
