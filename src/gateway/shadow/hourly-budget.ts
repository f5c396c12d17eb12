/** What copies of requests may cost in an hour, by rollout. Owns the sums of this process; spends nothing. */
import type { NanoDollars } from "../../core/money.ts";

const HOUR_MS = 3_600_000;

export interface HourlyBudget {
  /** Sets `estimate` aside; false where that would be beyond `cap` in the hour of `now`. */
  reserve(rollout: string, cap: NanoDollars, estimate: NanoDollars, now: number): boolean;
  /** Puts what it did cost in place of what was set aside, however late that is known. */
  settle(rollout: string, estimate: NanoDollars, actual: NanoDollars, now: number): void;
}

interface Spent {
  hour: number;
  total: NanoDollars;
}

export function createHourlyBudget(): HourlyBudget {
  const spent = new Map<string, Spent>();
  const at = (rollout: string, now: number): Spent => {
    const hour = Math.floor(now / HOUR_MS);
    let found = spent.get(rollout);
    if (found === undefined || found.hour !== hour) {
      found = { hour, total: 0 };
      spent.set(rollout, found);
    }
    return found;
  };
  return {
    reserve(rollout, cap, estimate, now) {
      const sum = at(rollout, now);
      if (sum.total + estimate > cap) return false;
      sum.total += estimate;
      return true;
    },
    settle(rollout, estimate, actual, now) {
      const sum = at(rollout, now);
      // What was set aside in an hour that is over is not in this one's sum.
      sum.total = Math.max(0, sum.total - estimate) + actual;
    },
  };
}
