/** What copies of requests may cost in an hour, by rollout. Owns the sums of this process; spends nothing. */
import type { NanoDollars } from "../../core/money.ts";

const HOUR_MS = 3_600_000;

/** What was set aside for one copy. */
export interface Reservation {
  /** Hours since 1970. */
  readonly hour: number;
  readonly estimate: NanoDollars;
}

export interface HourlyBudget {
  /** Sets `estimate` aside; null where that would be beyond `cap` in the hour of `now`. */
  reserve(rollout: string, cap: NanoDollars, estimate: NanoDollars, now: number): Reservation | null;
  /** Puts what it did cost in place of what was set aside, however late that is known. */
  settle(rollout: string, reserved: Reservation, actual: NanoDollars, now: number): void;
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
      if (sum.total + estimate > cap) return null;
      sum.total += estimate;
      return { hour: sum.hour, estimate };
    },
    settle(rollout, { hour, estimate }, actual, now) {
      const sum = at(rollout, now);
      // What was set aside in an hour that is over is not in this one's sum.
      const setAside = hour === sum.hour ? estimate : 0;
      sum.total += actual - setAside;
    },
  };
}
