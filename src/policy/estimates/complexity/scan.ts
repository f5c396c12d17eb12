/**
 * One pass over a text that counts what the features are made of. Owns the pass: linear, nothing cut out
 * of the text, nothing allocated for a word; knows no weight.
 */
import { COMMON_WORDS } from "../language-words.ts";
import { extendHash, HASH_SEED, KIND, kindsOfCodes, LAST_LETTER, LAST_SPACED_LETTER } from "./characters.ts";
import type { Tally } from "./tally.ts";
import { COVERED, TELLS, type Tell, VOCABULARY } from "./vocabulary.ts";
import { WordTable } from "./word-table.ts";

/** A word that says nothing but that its language is known here. */
const COMMON = 1 << 15;
const EXACT = COMMON - 1;
const LONGEST_STEM = 14;

/** From how many letters on a word is long, by the kind of its first letter; Arabic and Hebrew write fewer. */
const LONG_WORD = Uint8Array.from([255, 9, 9, 9, 7, 6, 8, 9, 5]);

const COMMA = 0x2c;
const DOT = 0x2e;
const PARENTHESIS = 0x29;
const BACKSLASH = 0x5c;

/** Two tables, since beginnings are looked up at every letter: theirs is small and stays in the cache. */
interface Tables {
  readonly words: WordTable;
  readonly stems: WordTable;
}

let built: Tables | null = null;

/** Builds what scanning needs, once; the first scan does it where nobody did before. */
export function prepareScanner(): Tables {
  kindsOfCodes();
  built ??= tables();
  return built;
}

function tables(): Tables {
  const whole: [word: string, bits: number][] = [];
  const beginnings: [word: string, bits: number][] = [];
  for (const [tell, lists] of Object.entries(VOCABULARY)) {
    const bit = TELLS[tell as Tell];
    for (const word of lists.flatMap(wordsOf)) {
      if (word.endsWith("*")) beginnings.push([word.slice(0, -1), bit]);
      else whole.push([word, bit]);
    }
  }
  for (const language of COVERED) {
    for (const word of wordsOf(COMMON_WORDS[language])) whole.push([word, COMMON]);
  }
  return { words: new WordTable(whole), stems: new WordTable(beginnings) };
}

/** As the scan parts them: an apostrophe or a dash ends a word. */
function wordsOf(list: string): readonly string[] {
  return list.split(/[\s'’-]+/).filter((word) => word !== "");
}

/** Reads texts into one tally. Words, numbers and lines end with each text. */
export class Scanner {
  readonly #tally: Tally;
  readonly #kinds = kindsOfCodes();
  readonly #words: WordTable;
  readonly #stems: WordTable;
  #text = "";
  /** The code unit before, where it belongs to a script without spaces. */
  #pair = 0;
  /** A number that was just read, and how many digits of it; digits are 0 once it has ended. */
  #number = 0;
  #digits = 0;
  #atLineStart = true;

  constructor(tally: Tally) {
    this.#tally = tally;
    const { words, stems } = prepareScanner();
    this.#words = words;
    this.#stems = stems;
  }

  /** Code units `from` up to and without `to`. */
  read(text: string, from: number, to: number): void {
    this.#text = text;
    this.#number = 0;
    this.#digits = 0;
    this.#atLineStart = true;
    const kinds = this.#kinds;
    let at = from;
    while (at < to) {
      const code = text.charCodeAt(at);
      const kind = kinds[code] ?? KIND.other;
      if (isSpacedLetter(kind)) {
        at = this.#word(at, to, kind);
        continue;
      }
      if (kind !== KIND.other && kind <= LAST_LETTER) this.#character(code, kind);
      else if (kind === KIND.space) this.#space();
      else if (kind === KIND.digit) this.#digit(code);
      else this.#mark(code, kind, at);
      at++;
    }
    this.#pair = 0;
    this.#tally.scanned += to - from;
  }

  /** The word at `from`, whose first letter is of `kind`; returns where it ends. The hot loop: nothing but locals. */
  #word(from: number, to: number, kind: number): number {
    const text = this.#text;
    const kinds = this.#kinds;
    const stems = this.#stems;
    const stemsUntil = from + LONGEST_STEM;
    let hash = HASH_SEED;
    let begins = 0;
    let at = from;
    do {
      hash = extendHash(hash, text.charCodeAt(at));
      if (at < stemsUntil) begins |= stems.bitsOf(hash);
      at++;
    } while (at < to && isSpacedLetter(kinds[text.charCodeAt(at)] ?? KIND.other));
    const tally = this.#tally;
    const bits = begins | this.#words.bitsOf(hash);
    tally.words++;
    if (at - from >= (LONG_WORD[kind] ?? 255)) tally.long++;
    if (bits !== 0) {
      tally.known++;
      tally.tell(bits & EXACT, this.#number);
    }
    this.#afterWord();
    return at;
  }

  /** One of a script without spaces: it and the one before are looked up as a word. */
  #character(code: number, kind: number): void {
    const tally = this.#tally;
    const pair = this.#pair;
    tally.wide++;
    if (kind === KIND.thai) tally.foreign++;
    if (pair !== 0) {
      const bits = this.#words.bitsOf(extendHash(extendHash(HASH_SEED, pair), code)) & EXACT;
      if (bits !== 0) tally.tell(bits, 0);
    }
    if (this.#number > 0) tally.tell(this.#words.bitsOf(extendHash(HASH_SEED, code)) & EXACT, this.#number);
    this.#afterWord();
    this.#pair = code;
  }

  #afterWord(): void {
    this.#pair = 0;
    this.#number = 0;
    this.#digits = 0;
    this.#atLineStart = false;
  }

  #digit(code: number): void {
    const digit = code & 0xf;
    if (this.#digits === 0) this.#tally.numbers++;
    this.#number = this.#digits === 0 ? digit : Math.min(999_999, this.#number * 10 + digit);
    this.#digits++;
    this.#pair = 0;
  }

  /** It parts words and ends a number, which a unit may follow: `2,000 words`. */
  #space(): void {
    this.#pair = 0;
    this.#digits = 0;
  }

  #mark(code: number, kind: number, at: number): void {
    const tally = this.#tally;
    this.#pair = 0;
    if ((code === COMMA || code === DOT) && this.#digits > 0 && this.#threeDigitsFrom(at + 1)) return;
    if (kind === KIND.code) tally.codeMarks++;
    else if (kind === KIND.maths) tally.mathsMarks++;
    else if (kind === KIND.question) tally.questions++;
    else if (kind === KIND.backtick) this.#backtick(at);
    if (this.#beginsItem(code, kind, at)) {
      tally.items++;
      // The number of an item counts nothing.
      if (this.#digits > 0) tally.numbers--;
    }
    // A backslash before a letter is a command of TeX.
    if (code === BACKSLASH && isSpacedLetter(this.#kinds[this.#text.charCodeAt(at + 1)] ?? KIND.other)) {
      tally.mathsMarks++;
    }
    if (kind === KIND.newline) this.#atLineStart = true;
    else this.#atLineStart = false;
    this.#number = 0;
    this.#digits = 0;
  }

  /** `1. `, `2) ` or `- ` at the start of a line; `2) ` anywhere. */
  #beginsItem(code: number, kind: number, at: number): boolean {
    if (this.#kinds[this.#text.charCodeAt(at + 1)] !== KIND.space) return false;
    if (kind === KIND.bullet) return this.#atLineStart && this.#digits === 0;
    if (this.#digits === 0 || this.#digits > 2) return false;
    return code === PARENTHESIS || (code === DOT && this.#atLineStart);
  }

  /** Counts the first of three. */
  #backtick(at: number): void {
    const text = this.#text;
    const same = (index: number) => this.#kinds[text.charCodeAt(index)] === KIND.backtick;
    if (same(at + 1) && same(at + 2) && !same(at - 1)) this.#tally.fences++;
  }

  /** `2,000` and `2.000`. */
  #threeDigitsFrom(at: number): boolean {
    const text = this.#text;
    for (let i = at; i < at + 3; i++) if (this.#kinds[text.charCodeAt(i)] !== KIND.digit) return false;
    return true;
  }
}

/** Of a script that parts words with spaces. */
function isSpacedLetter(kind: number): boolean {
  return kind !== KIND.other && kind <= LAST_SPACED_LETTER;
}
