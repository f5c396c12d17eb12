/** How many calls of a use case may be doubled. Owns the count; which call is slow is not its business. */

/** Hedges that a quiet time may save up. */
export const MAX_SAVED_HEDGES = 10;

/** Sums of shares such as 20 × 0.05 may fall short of a whole hedge by this much. */
const ROUNDING = 1e-9;

/**
 * Every request of a hedged use case earns its share of a hedge. Bound: since the start, the hedges of a use
 * case are no more than its share of its requests; within any span of time, no more than that share of the
 * span's requests and `MAX_SAVED_HEDGES`.
 */
export interface HedgeBudget {
  deposit(useCase: string, share: number): void;
  /** Whether a hedge could be taken now. */
  covers(useCase: string): boolean;
  /** Takes one; false: none is left, and the call must not be hedged. */
  take(useCase: string): boolean;
  /** The call of one that was taken was never sent. */
  giveBack(useCase: string): void;
}

/** Remembers one number for every use case that was ever hedged. */
export function createHedgeBudget(): HedgeBudget {
  const saved = new Map<string, number>();
  const add = (useCase: string, share: number): void => {
    saved.set(useCase, Math.min(MAX_SAVED_HEDGES, (saved.get(useCase) ?? 0) + share));
  };
  const covers = (useCase: string): boolean => (saved.get(useCase) ?? 0) >= 1 - ROUNDING;
  return {
    covers,
    deposit: add,
    take(useCase) {
      if (!covers(useCase)) return false;
      saved.set(useCase, Math.max(0, (saved.get(useCase) ?? 0) - 1));
      return true;
    },
    giveBack: (useCase) => add(useCase, 1),
  };
}
