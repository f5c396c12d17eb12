/** What a scan of a request's words counts. Owns the counts; what they are worth is decided elsewhere. */
import { TELLS, type Tell } from "./vocabulary.ts";

const TELL_COUNT = Object.keys(TELLS).length;
const PAGE_WORDS = 400;
const MAX_ASKED = 1_000_000;

export class Tally {
  /** Code units looked at, and those among them of scripts without spaces. */
  scanned = 0;
  wide = 0;
  /** Of those, the ones whose scripts no list knows. */
  foreign = 0;
  /** Words parted by spaces; those that some list knows; those that are long for their script. */
  words = 0;
  known = 0;
  long = 0;
  questions = 0;
  /** Runs of digits that do not number an item; `2,000` is one. */
  numbers = 0;
  /** Items of lists, at the start of a line or as `2)`. */
  items = 0;
  /** Lines of three backticks, two to a block. */
  fences = 0;
  codeMarks = 0;
  mathsMarks = 0;
  /** The largest length of an answer that is asked for with a number, in words. */
  askedWords = 0;
  readonly #tells = new Int32Array(TELL_COUNT);

  count(tell: Tell): number {
    return this.#tells[31 - Math.clz32(TELLS[tell])] ?? 0;
  }

  /** Counts every bit of one word, and a length where `number` stood before it. */
  tell(bits: number, number: number): void {
    for (let rest = bits; rest !== 0; rest &= rest - 1) {
      const index = 31 - Math.clz32(rest & -rest);
      this.#tells[index] = (this.#tells[index] ?? 0) + 1;
    }
    if (number === 0) return;
    const asked = bits & TELLS.words ? number : bits & TELLS.pages ? number * PAGE_WORDS : 0;
    if (asked > this.askedWords) this.askedWords = Math.min(asked, MAX_ASKED);
  }
}
