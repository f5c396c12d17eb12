/** A retry budget that remembers who has paid, for tests of what a climb pays for. */
import { type BudgetSettings, createRetryBudget, type RetryBudget } from "./retry-budget.ts";

export interface CountedBudget extends RetryBudget {
  /** When what was paid and not given back was paid, in that order. */
  readonly payments: readonly number[];
}

export function countedBudget(settings: BudgetSettings): CountedBudget {
  const budget = createRetryBudget(settings);
  const payments: number[] = [];
  return {
    ...budget,
    payments,
    withdraw(now) {
      const isPaid = budget.withdraw(now);
      if (isPaid) payments.push(now);
      return isPaid;
    },
    giveBack(then, now) {
      const index = payments.indexOf(then);
      if (index === -1) throw new Error("Nothing was paid then.");
      payments.splice(index, 1);
      budget.giveBack(then, now);
    },
  };
}
