/**
 * Joining a second answer to the text of a first that broke off. Owns finding where the second one has said all
 * that the first had; knows no stream and no wire. What is compared is words, white space aside: how much of it was
 * told is seam.ts's.
 */
import { createSeam, type Seam, splitPrefill } from "./seam.ts";

/** Characters of the end of the told text that must be found again where the answers differ before it. */
const ANCHOR_CHARS = 32;
/** Below this, a differing answer cannot be told from another one, and only an exact beginning counts. */
const MINIMUM_ANCHOR_CHARS = 16;
/** A fresh answer may be so much longer than the told text before its anchor must have been found. */
const PATIENCE = 2;
const PATIENCE_CHARS = 400;
/** It may be as many times shorter, and so many characters of a greeting, or its anchor is another place. */
const GREETING_CHARS = 100;

export type Alignment =
  | { readonly state: "seeking" }
  /** `text`: what of the second answer the caller has not been told yet. */
  | { readonly state: "aligned"; readonly text: string }
  | { readonly state: "lost" };

const SEEKING: Alignment = { state: "seeking" };
const LOST: Alignment = { state: "lost" };

/** A second answer to the same question, which is to take over after what was told. */
export interface Aligner {
  /** More of its text. After `lost` it is done. */
  push(text: string): Alignment;
  /** The answer ended: what was not found yet is not there. */
  end(): Alignment;
}

/**
 * Aligned once the fresh answer begins with `told`, or says the end of it in nearly the same place; at once where no word
 * was told. An end that stands in `told` more than once is sought with what is before it. Costs time linear in the text.
 */
export function createFreshAligner(told: string): Aligner {
  return new FreshAligner(told);
}

/** For a model that was given `told` as its own beginning: all it says is new but what the beginning lacked. */
export function createPrefilledAligner(told: string): Aligner {
  const seam = createSeam(splitPrefill(told).taken);
  return {
    push: (text) => ({ state: "aligned", text: seam.push(text) }),
    end: () => ({ state: "aligned", text: seam.end() }),
  };
}

class FreshAligner implements Aligner {
  readonly #wanted: string;
  readonly #anchor: Anchor | null;
  readonly #seam: Seam;
  /** The told text ends between two words. */
  readonly #spaced: boolean;
  readonly #earliest: number;
  readonly #patience: number;
  /** Characters that came; words and single spaces among them. */
  #came = 0;
  #heard = 0;
  #lastWasSpace = true;
  /** How much of `#wanted` was said so far, word for word; null: they differ. */
  #same: number | null = 0;
  /** What was said last is the end of what was told. */
  #reached = false;
  #aligned: boolean;

  constructor(told: string) {
    const space = told.length - told.trimEnd().length;
    this.#wanted = squeeze(told);
    // No word was told: there is nothing to find again.
    this.#aligned = this.#wanted === "";
    this.#anchor = anchorOf(this.#wanted);
    this.#seam = createSeam(told.slice(told.length - space));
    this.#spaced = space > 0;
    this.#earliest = (this.#wanted.length - GREETING_CHARS) / PATIENCE;
    this.#patience = told.length * PATIENCE + PATIENCE_CHARS;
  }

  push(text: string): Alignment {
    if (this.#aligned) return this.#passOn(text);
    for (let at = 0; at < text.length; at++) {
      if (this.#reached && !GOES_ON.test(text.charAt(at))) return this.#passOn(text.slice(at));
      this.#came++;
      this.#hear(text.charCodeAt(at));
      if (this.#reached && !this.#spaced) return this.#passOn(text.slice(at + 1));
      if (this.#same === null && (this.#anchor === null || this.#came > this.#patience)) return LOST;
    }
    return SEEKING;
  }

  end(): Alignment {
    if (!this.#aligned && !this.#reached) return LOST;
    this.#aligned = true;
    return { state: "aligned", text: this.#seam.end() };
  }

  #passOn(text: string): Alignment {
    this.#aligned = true;
    return { state: "aligned", text: this.#seam.push(text) };
  }

  #hear(code: number): void {
    const space = isSpace(code);
    if (space && this.#lastWasSpace) return;
    this.#lastWasSpace = space;
    this.#heard++;
    const said = space ? SPACE : code;
    if (this.#same !== null) {
      this.#same = this.#wanted.charCodeAt(this.#same) === said ? this.#same + 1 : null;
    }
    const anchored = this.#anchor?.hear(said) ?? false;
    this.#reached =
      this.#same === null ? anchored && this.#heard >= this.#earliest : this.#same === this.#wanted.length;
  }
}

/** The word before it goes on: what was said is a part of another. Some scripts set no spaces between words. */
const GOES_ON =
  /[[\p{L}\p{M}\p{N}]--[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}]]/v;
const SPACE = 32;

/** White space as one space, none at the ends. */
function squeeze(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}

function isSpace(code: number): boolean {
  if (code < 128) return code === SPACE || (code >= 9 && code <= 13);
  return /\s/.test(String.fromCharCode(code));
}

/** The last words of a text, listened for character by character (Knuth, Morris, Pratt). */
class Anchor {
  readonly #words: Uint16Array;
  readonly #borders: Int32Array;
  #at = 0;

  constructor(words: Uint16Array) {
    this.#words = words;
    this.#borders = bordersOf(words);
  }

  /** Whether they end with this character. */
  hear(code: number): boolean {
    let at = this.#at;
    while (at > 0 && this.#words[at] !== code) at = this.#borders[at - 1] ?? 0;
    this.#at = this.#words[at] === code ? at + 1 : 0;
    return this.#at === this.#words.length;
  }
}

/** So long an end of `wanted` that it stands there only once; null where it is too short to be recognised. */
function anchorOf(wanted: string): Anchor | null {
  let twice = 0;
  for (const length of bordersOf(codesOf(wanted).reverse())) twice = Math.max(twice, length);
  // One character to stand alone, and one for a space that it may begin with.
  const words = wanted.slice(-Math.max(ANCHOR_CHARS, twice + 2)).trimStart();
  return words.length < MINIMUM_ANCHOR_CHARS ? null : new Anchor(codesOf(words));
}

function codesOf(text: string): Uint16Array {
  return Uint16Array.from({ length: text.length }, (_, at) => text.charCodeAt(at));
}

/** For each place, the length of the longest beginning of `codes` that ends there and is not all up to there. */
function bordersOf(codes: Uint16Array): Int32Array {
  const borders = new Int32Array(codes.length);
  let length = 0;
  for (let at = 1; at < codes.length; at++) {
    while (length > 0 && codes[at] !== codes[length]) length = borders[length - 1] ?? 0;
    if (codes[at] === codes[length]) length++;
    borders[at] = length;
  }
  return borders;
}
