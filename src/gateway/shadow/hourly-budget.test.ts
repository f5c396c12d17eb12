import { expect, test } from "bun:test";
import { createHourlyBudget } from "./hourly-budget.ts";

const HOUR = 3_600_000;
const CAP = 100;

test("what was set aside gives way to what it did cost", () => {
  const budget = createHourlyBudget();
  const reserved = budget.reserve("s", CAP, 60, 0);
  expect(budget.reserve("s", CAP, 60, 1)).toBeNull();
  if (reserved) budget.settle("s", reserved, 10, 2);
  expect(budget.reserve("s", CAP, 90, 3)).not.toBeNull();
  expect(budget.reserve("s", CAP, 1, 4)).toBeNull();
});

test("what was set aside in the hour before gives nothing back to this one", () => {
  const budget = createHourlyBudget();
  const before = [1, 2, 3].map(() => budget.reserve("s", CAP, 30, HOUR - 1));
  expect(budget.reserve("s", CAP, 80, HOUR)).not.toBeNull();
  for (const reserved of before) if (reserved) budget.settle("s", reserved, 5, HOUR + 1);
  // 80 are set aside, and 15 were paid in this hour.
  expect(budget.reserve("s", CAP, 6, HOUR + 2)).toBeNull();
  expect(budget.reserve("s", CAP, 5, HOUR + 2)).not.toBeNull();
});

test("a rollout has its own sum", () => {
  const budget = createHourlyBudget();
  budget.reserve("s", CAP, CAP, 0);
  expect(budget.reserve("t", CAP, CAP, 0)).not.toBeNull();
});
