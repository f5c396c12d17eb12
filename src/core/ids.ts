/** Identifiers that sort by time and do not collide. Owns their shape; clock and random come in. */
import type { Clock, Random } from "./clock.ts";

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"; // Crockford's base 32: no i, l, o, u

export interface Ids {
  /** `prefix_` + 9 characters of time + 10 of chance and count, all lower case: `dec_01jd2k3m4p…`. */
  next(prefix: string): string;
}

/**
 * Time-ordered ids. The random part is drawn once a millisecond and counted up within it, so two ids of
 * one process never collide and ids sort in the order they were made; 50 random bits tell processes apart.
 */
export function createIds(clock: Clock, random: Random): Ids {
  let lastMs = -1;
  let timePart = "";
  let high = 0;
  let low = 0;
  return {
    next(prefix) {
      const now = clock.now();
      if (now !== lastMs) {
        lastMs = now;
        timePart = encode(now, 9);
        high = Math.floor(random() * 2 ** 25);
        low = Math.floor(random() * 2 ** 24);
      } else {
        low++;
      }
      return `${prefix}_${timePart}${encode(high, 5)}${encode(low, 5)}`;
    },
  };
}

function encode(value: number, length: number): string {
  let rest = value;
  let text = "";
  for (let i = 0; i < length; i++) {
    text = ALPHABET[rest % 32] + text;
    rest = Math.floor(rest / 32);
  }
  return text;
}
