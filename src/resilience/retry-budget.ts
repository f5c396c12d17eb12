/**
 * How many second attempts the whole gateway may make. Owns the count; which request retries is not its business.
 */
import type { RetrySettings } from "../core/settings.ts";
import { createHedgeBudget, type HedgeBudget } from "./hedge-budget.ts";
import { RollingWindow } from "./rolling-window.ts";

export const BUDGET_WINDOW_SECONDS = 10;

const REQUESTS = 0;
const WITHDRAWALS = 1;
const ANSWERS = 2;
/** Retries within a window that need not have shown yet that they help, as far as the floor allows so many. */
const UNPROVEN = 10;
/** Sums of products such as 3 × 0.2 may fall short of a whole permit by this much. */
const ROUNDING = 1e-9;

export type BudgetSettings = Pick<RetrySettings, "budgetRatio" | "budgetPerSecond">;

export interface RetryBudget {
  /** A request makes its first attempt: earns `budgetRatio` of a retry. */
  deposit(now: number): void;
  /** Takes one retry; false: the budget is spent and the request must not retry. */
  withdraw(now: number): boolean;
  /** One that was taken at `then` was not made after all. */
  giveBack(then: number, now: number): void;
  /** A retry was answered: whoever is asked again does answer, which lets two more be made of the floor. */
  answered(now: number): void;
  /** Whole retries that could be withdrawn now. */
  available(now: number): number;
  /** What of them may be made before the first one has failed, by use case. */
  readonly hedges: HedgeBudget;
  /** New settings count from now on; what the window holds stays. */
  reconfigure(settings: BudgetSettings): void;
  /** So many gateways share the floor from now on, this one among them; 1 until then. */
  share(replicas: number): void;
}

/**
 * One budget for the process, over the last 10 calendar seconds (times are epoch milliseconds). With
 * share = ratio × requests and floor = max(1, perSecond × 10 / replicas), or 0 where perSecond is, each withdrawal
 * leaves, within the window,
 *
 *   withdrawals ≤ max(share, min(floor, unproven + 2 × answers))   where unproven = max(1, max(perSecond, 10) / replicas)
 *
 * and so ≤ max(share, floor). When nothing is answered, by error or by silence, upstream sees the requests and
 * that ratio more from `unproven / ratio` requests in ten seconds on (50 by default), and below that no more
 * than one retry a second. The floor is for retries that help: each answer lets two more be made, so a gateway
 * that can fall back has all of its floor within a few answers, and a quiet one has its first retries at once.
 * Replicas that know how many they are have together no more than ratio × their requests + perSecond × 10, or one each
 * where they are more, without a word to each other: each one's requests are its own, and the floor is divided.
 * Going back from the last withdrawal window by window, any span that touches S calendar seconds has
 * withdrawals ≤ ratio × requests + floor × ⌈S / 10⌉. Fixed memory, O(1) amortised.
 */
export function createRetryBudget(settings: BudgetSettings): RetryBudget {
  const window = new RollingWindow(3, BUDGET_WINDOW_SECONDS, 1000);
  let current = settings;
  let replicas = 1;
  const available = (now: number): number => {
    const { budgetRatio, budgetPerSecond } = current;
    const share = budgetRatio * window.total(REQUESTS, now);
    // One may always show that it helps, however many share: else a quiet replica's fallback would never be asked.
    const least = budgetPerSecond > 0 ? 1 : 0;
    const unproven = Math.max(1, Math.max(budgetPerSecond, UNPROVEN) / replicas);
    const proven = unproven + 2 * window.total(ANSWERS, now);
    const floor = Math.min(Math.max(least, (budgetPerSecond * BUDGET_WINDOW_SECONDS) / replicas), proven);
    const earned = Math.max(share, floor);
    return Math.max(0, Math.floor(earned - window.total(WITHDRAWALS, now) + ROUNDING));
  };
  return {
    available,
    hedges: createHedgeBudget(),
    deposit: (now) => window.add(REQUESTS, now),
    answered: (now) => window.add(ANSWERS, now),
    withdraw(now) {
      if (available(now) < 1) return false;
      window.add(WITHDRAWALS, now);
      return true;
    },
    // What has left the window is given back already.
    giveBack: (then, now) => window.takeBack(WITHDRAWALS, then, now),
    reconfigure(next) {
      current = next;
    },
    share(count) {
      replicas = Math.max(1, count);
    },
  };
}
