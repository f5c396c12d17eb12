/** Words to bits, for scanners that never cut a word out of its text. Owns the table; knows no word. */
import { hashWord } from "./characters.ts";

/** A table of hashes with open addressing: a look-up allocates nothing. Unknown words give 0. */
export class WordTable {
  readonly #keys: Int32Array;
  readonly #bits: Int32Array;
  readonly #mask: number;

  /** Two words with the same hash would share their bits: one pair in four thousand million. */
  constructor(words: Iterable<readonly [word: string, bits: number]>) {
    const merged = new Map<number, number>();
    for (const [word, bits] of words) {
      const hash = hashWord(word);
      merged.set(hash, (merged.get(hash) ?? 0) | bits);
    }
    let size = 64;
    // A third full at most, so that most look-ups end at the first slot.
    while (size < merged.size * 3) size *= 2;
    this.#keys = new Int32Array(size);
    this.#bits = new Int32Array(size);
    this.#mask = size - 1;
    for (const [hash, bits] of merged) {
      const slot = this.#slotOf(hash);
      this.#keys[slot] = hash;
      this.#bits[slot] = bits;
    }
  }

  bitsOf(hash: number): number {
    return this.#bits[this.#slotOf(hash)] ?? 0;
  }

  /** The slot of `hash`, or the free one where it would stand. */
  #slotOf(hash: number): number {
    let slot = (hash ^ (hash >>> 15)) & this.#mask;
    while (this.#keys[slot] !== hash && this.#keys[slot] !== 0) slot = (slot + 1) & this.#mask;
    return slot;
  }
}
