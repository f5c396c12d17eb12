/** Chance that can be had again: the first draw is handed in, all others follow from it. */
import { mix } from "../rollouts/rendezvous.ts";

/** How many values a draw has. */
export const WORD = 4_294_967_296;
/** The odd number nearest to 2^32 divided by the golden ratio: consecutive states lie far apart. */
const STEP = 0x9e3779b9;

export interface Draws {
  /** A whole number below `WORD`. */
  readonly first: number;
  /** Uniform in [0, 1). */
  next(): number;
}

/** `first` is a whole number below `WORD`; the draws after it are those of a Weyl sequence, mixed. */
export function createDraws(first: number): Draws {
  let state = first;
  let begun = false;
  return {
    first,
    next() {
      if (!begun) {
        begun = true;
        return first / WORD;
      }
      state = (state + STEP) >>> 0;
      return mix(state) / WORD;
    },
  };
}
