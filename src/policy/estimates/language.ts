/**
 * Which language a request is written in, as a cheap guess: by script, then by common words, endings and
 * letters. Owns the guess; what follows from it is the policy's business.
 */
import type { Message, ModelRequest } from "../../core/request.ts";
import {
  extendHash,
  HASH_SEED,
  KIND,
  kindsOfCodes,
  LAST_LETTER,
  LAST_SPACED_LETTER,
} from "./complexity/characters.ts";
import { WordTable } from "./complexity/word-table.ts";
import { COMMON_WORDS, ENDINGS, LETTERS, WORD_LANGUAGES, type WordLanguage } from "./language-words.ts";

/** What is guessed when nothing, or too little, speaks for a language. */
export const UNDETERMINED = "und";

/** Languages that their script alone tells. */
const SCRIPT_LANGUAGES = ["he", "el", "zh", "ja", "ko", "th"] as const;

/** Everything that `languageOf` may say, `und` apart; codes of ISO 639-1. */
export const LANGUAGES: readonly string[] = [...WORD_LANGUAGES, ...SCRIPT_LANGUAGES];

/** Code units that are read of one message. */
const SAMPLE = 2000;
/** Messages that are asked, from the last one of the user backwards, until one tells. */
const MAX_MESSAGES = 4;
/** What the best language must reach, and how many times the second it must be. */
const LEAST_SCORE = 0.9;
const LEAST_LEAD = 1.15;
const ENDING_WEIGHT = 0.4;
const LETTER_WEIGHT = 0.7;
/** Letters that count for the guess, at most: one repeated for long says nothing new. */
const LETTER_HITS = 12;
const WORD_HITS = 400;

interface Tables {
  readonly words: WordTable;
  /** Kept apart from words by a mark that no word has. */
  readonly endings: WordTable;
  readonly letters: WordTable;
}

let built: Tables | null = null;

/** Builds what guessing needs, once; the first guess does it where nobody did before. */
export function prepareLanguages(): Tables {
  kindsOfCodes();
  built ??= {
    words: new WordTable(rows(COMMON_WORDS, "")),
    endings: new WordTable(rows(ENDINGS, "*")),
    letters: new WordTable(letterRows()),
  };
  return built;
}

/** The language of the last message of the user that tells one: ISO 639-1, or `und`. */
export function languageOf({ messages, embedding }: ModelRequest): string {
  const input = embedding?.inputs.find((candidate) => typeof candidate === "string");
  if (typeof input === "string") return detectLanguage(input);
  let asked = 0;
  for (let i = messages.length - 1; i >= 0 && asked < MAX_MESSAGES; i--) {
    const message = messages[i];
    if (message?.role !== "user") continue;
    asked++;
    const language = languageOfMessage(message);
    if (language !== UNDETERMINED) return language;
  }
  return UNDETERMINED;
}

function languageOfMessage({ content }: Message): string {
  for (const part of content) {
    if (part.type !== "text") continue;
    const language = detectLanguage(part.text);
    if (language !== UNDETERMINED) return language;
  }
  return UNDETERMINED;
}

/** The language of the first 2,000 code units of `text`: ISO 639-1, or `und`. */
export function detectLanguage(text: string): string {
  const evidence = new Evidence();
  evidence.read(text, Math.min(text.length, SAMPLE));
  return evidence.verdict();
}

/** What one text says for each language. */
class Evidence {
  readonly #tables = prepareLanguages();
  readonly #scores = new Float64Array(WORD_LANGUAGES.length);
  /** Letters by their kind. */
  readonly #kinds = new Int32Array(LAST_LETTER + 1);
  #letterHits = 0;
  #wordHits = 0;

  read(text: string, end: number): void {
    const kindOf = kindsOfCodes();
    let start = -1;
    let hash = HASH_SEED;
    for (let i = 0; i <= end; i++) {
      const code = i < end ? text.charCodeAt(i) : 0x20;
      const kind = kindOf[code] ?? KIND.other;
      const isLetter = kind !== KIND.other && kind <= LAST_LETTER;
      if (isLetter) this.#kinds[kind] = (this.#kinds[kind] ?? 0) + 1;
      if (code > 0x7f && this.#letterHits < LETTER_HITS) this.#letter(code);
      if (isLetter && kind <= LAST_SPACED_LETTER) {
        if (start < 0) start = i;
        hash = extendHash(hash, code);
      } else if (start >= 0) {
        if (!isJoined(text.charCodeAt(start - 1))) this.#word(text, start, i, hash);
        start = -1;
        hash = HASH_SEED;
      }
    }
  }

  #letter(code: number): void {
    const bits = this.#tables.letters.bitsOf(extendHash(HASH_SEED, code));
    if (bits === 0) return;
    this.#letterHits++;
    this.#add(bits, LETTER_WEIGHT);
  }

  #word(text: string, start: number, end: number, hash: number): void {
    if (this.#wordHits >= WORD_HITS) return;
    const bits = this.#tables.words.bitsOf(hash);
    if (bits !== 0) {
      this.#wordHits++;
      // A word of one letter is as likely a variable or an item of a list.
      this.#add(bits, end - start === 1 ? 0.4 : 1);
    } else if (end - start > 4) {
      let ending = extendHash(HASH_SEED, END_MARK);
      for (let i = end - 3; i < end; i++) ending = extendHash(ending, text.charCodeAt(i));
      this.#add(this.#tables.endings.bitsOf(ending), ENDING_WEIGHT);
    }
  }

  /** What several languages share says less for each. */
  #add(bits: number, weight: number): void {
    const shared = Math.sqrt(bitCount(bits));
    for (let rest = bits; rest !== 0; rest &= rest - 1) {
      const index = 31 - Math.clz32(rest & -rest);
      this.#scores[index] = (this.#scores[index] ?? 0) + weight / shared;
    }
  }

  verdict(): string {
    const kinds = this.#kinds;
    const script = mostFrequent(kinds);
    // Japanese is written with kana among the characters it shares with Chinese.
    const han = kinds[KIND.han] ?? 0;
    const kana = kinds[KIND.kana] ?? 0;
    if (script === KIND.han || script === KIND.kana) return kana * 8 > han ? "ja" : "zh";
    const alone = BY_SCRIPT[script];
    if (alone !== undefined) return alone;
    return this.#best(SCRIPT_OF[script] ?? 0, DEFAULT_OF[script] ?? UNDETERMINED);
  }

  /** The best of the languages in `candidates`. */
  #best(candidates: number, otherwise: string): string {
    let best = -1;
    let bestScore = 0;
    let second = 0;
    for (let i = 0; i < WORD_LANGUAGES.length; i++) {
      if ((candidates & (1 << i)) === 0) continue;
      const score = this.#scores[i] ?? 0;
      if (score > bestScore) {
        second = bestScore;
        best = i;
        bestScore = score;
      } else if (score > second) second = score;
    }
    if (bestScore < LEAST_SCORE || bestScore < second * LEAST_LEAD) return otherwise;
    return WORD_LANGUAGES[best] ?? otherwise;
  }
}

const END_MARK = 0x2a;

/** Whether a word after `code` belongs to an address, a path or a name in a program. */
function isJoined(code: number): boolean {
  return code === 0x2e || code === 0x2f || code === 0x40 || code === 0x5f || code === 0x3d || code === 0x5c;
}

const BY_SCRIPT: Readonly<Record<number, string>> = {
  [KIND.hebrew]: "he",
  [KIND.greek]: "el",
  [KIND.hangul]: "ko",
  [KIND.thai]: "th",
};

/** What a script most likely is where no word tells; Latin and Cyrillic tell nothing by themselves. */
const DEFAULT_OF: Readonly<Record<number, string>> = {
  [KIND.arabic]: "ar",
  [KIND.devanagari]: "hi",
};

const SCRIPT_OF: Readonly<Record<number, number>> = {
  [KIND.latin]: maskOf(
    "en de fr es it pt nl pl sv da no fi cs ro hu tr id vi".split(" ") as readonly WordLanguage[],
  ),
  [KIND.cyrillic]: maskOf(["ru", "uk", "bg", "sr"]),
  [KIND.arabic]: maskOf(["ar", "fa", "ur"]),
  [KIND.devanagari]: maskOf(["hi", "mr"]),
};

function maskOf(languages: readonly WordLanguage[]): number {
  return languages.reduce((mask, language) => mask | (1 << WORD_LANGUAGES.indexOf(language)), 0);
}

function* rows(
  lists: Partial<Readonly<Record<WordLanguage, string>>>,
  mark: string,
): Iterable<readonly [string, number]> {
  for (const [index, language] of WORD_LANGUAGES.entries()) {
    for (const word of (lists[language] ?? "").split(/[\s'’-]+/))
      if (word !== "") yield [mark + word, 1 << index];
  }
}

function* letterRows(): Iterable<readonly [string, number]> {
  for (const [index, language] of WORD_LANGUAGES.entries()) {
    for (const letter of LETTERS[language] ?? "") yield [letter, 1 << index];
  }
}

function bitCount(bits: number): number {
  let count = 0;
  for (let rest = bits; rest !== 0; rest &= rest - 1) count++;
  return count;
}

/** The kind with the most letters; `other` where there is none. */
function mostFrequent(kinds: Int32Array): number {
  let best: number = KIND.other;
  for (let kind = 1; kind < kinds.length; kind++) {
    if ((kinds[kind] ?? 0) > (kinds[best] ?? 0)) best = kind;
  }
  return best;
}
