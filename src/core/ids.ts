/** Identifiers that sort by time and do not collide. Owns their shape; clock and random come in. */
import type { Clock, Random } from "./clock.ts";

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"; // Crockford's base 32: no i, l, o, u

/** What follows the prefix. */
const FORM = new RegExp(`^[${ALPHABET}]{19}$`);

/** Every two digits, by their value: one concatenation for two. */
const PAIRS: readonly string[] = Array.from({ length: 1024 }, (_, value) => digit(value >> 5) + digit(value));

/** What nine digits of base 32 hold. */
const LATEST_MS = 2 ** 45 - 1;

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
  let head = "";
  let count = 0;
  return {
    next(prefix) {
      const now = clock.now();
      if (now !== lastMs) {
        lastMs = now;
        head = `_${timeDigits(now)}${fiveDigits(Math.floor(random() * 2 ** 25))}`;
        count = Math.floor(random() * 2 ** 24);
      } else {
        count++;
      }
      return prefix + head + fiveDigits(count);
    },
  };
}

/** Whether `text` is formed as an id of `prefix`; not whether it was ever given to anything. */
export function isId(prefix: string, text: string): boolean {
  return text.startsWith(`${prefix}_`) && FORM.test(text.slice(prefix.length + 1));
}

/** What every id of `prefix` that is made at `ms` or later sorts after, and every earlier one before. */
export function idsFrom(prefix: string, ms: number): string {
  return `${prefix}_${timeDigits(Math.min(Math.max(0, Math.floor(ms)), LATEST_MS))}`;
}

/** Nine digits of base 32, good until the year 3084. */
function timeDigits(ms: number): string {
  const high = Math.floor(ms / 2 ** 25);
  return pair(high >> 10) + pair(high) + fiveDigits(ms % 2 ** 25);
}

/** Five digits of base 32, of a number below 2^25. */
function fiveDigits(value: number): string {
  return pair(value >> 15) + pair(value >> 5) + digit(value);
}

function pair(value: number): string {
  return PAIRS[value & 1023] ?? "";
}

function digit(value: number): string {
  return ALPHABET.charAt(value & 31);
}
