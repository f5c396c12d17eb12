/** How many second attempts the whole gateway may make (E3). Owns the count; which request retries is not its business. */
import type { RetrySettings } from "../core/snapshot.ts";
import { createHedgeBudget, type HedgeBudget } from "./hedge-budget.ts";
import { RollingWindow } from "./rolling-window.ts";

export const BUDGET_WINDOW_SECONDS = 10;

const REQUESTS = 0;
const WITHDRAWALS = 1;
/** Sums of products such as 3 × 0.2 may fall short of a whole permit by this much. */
const ROUNDING = 1e-9;

export type BudgetSettings = Pick<RetrySettings, "budgetRatio" | "budgetPerSecond">;

export interface RetryBudget {
  /** A request makes its first attempt: earns `budgetRatio` of a retry. */
  deposit(now: number): void;
  /** Takes one retry; false: the budget is spent and the request must not retry. */
  withdraw(now: number): boolean;
  /** Whole retries that could be withdrawn now. */
  available(now: number): number;
  /** What of them may be made before the first one has failed, by use case. */
  readonly hedges: HedgeBudget;
  /** New settings count from now on; what the window holds stays. */
  reconfigure(settings: BudgetSettings): void;
}

/**
 * One budget for the process, over the last 10 calendar seconds (times are epoch milliseconds). Bound: each
 * withdrawal leaves withdrawals ≤ ratio × requests + perSecond × 10 within the window. Going back from the
 * last withdrawal window by window gives, for any span that touches S calendar seconds,
 * withdrawals ≤ ratio × requests + perSecond × 10 × ⌈S / 10⌉: when everything fails, the upstream sees the
 * requests, that ratio more, and the floor. The floor keeps a quiet gateway able to retry at all, and all
 * of a window's floor may be spent in one burst. Fixed memory, O(1) amortised.
 */
export function createRetryBudget(settings: BudgetSettings): RetryBudget {
  const window = new RollingWindow(2, BUDGET_WINDOW_SECONDS, 1000);
  let current = settings;
  const available = (now: number): number => {
    const earned =
      current.budgetRatio * window.total(REQUESTS, now) + current.budgetPerSecond * BUDGET_WINDOW_SECONDS;
    return Math.max(0, Math.floor(earned - window.total(WITHDRAWALS, now) + ROUNDING));
  };
  return {
    available,
    hedges: createHedgeBudget(),
    deposit: (now) => window.add(REQUESTS, now),
    withdraw(now) {
      if (available(now) < 1) return false;
      window.add(WITHDRAWALS, now);
      return true;
    },
    reconfigure(next) {
      current = next;
    },
  };
}
