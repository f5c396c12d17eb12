/** A text as the words it is looked up by. Owns the cutting; the same for what is kept and what is asked. */
import { COMMON_WORDS, WORD_LANGUAGES } from "../../../policy/estimates/language-words.ts";

/** Words of so many languages that they tell nothing of what a text is about. */
const COMMON: ReadonlySet<string> = new Set(
  WORD_LANGUAGES.flatMap((language) => COMMON_WORDS[language].split(/\s+/)),
);

const WORD = /[\p{L}\p{N}\p{M}]+(?:['’][\p{L}]+)*/gu;
/** Scripts that are written without spaces: looked up by pairs of characters. */
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}]/u;
const MAX_WORD_CHARS = 64;

/** In order, with repetitions, without those that every text has. */
export function wordsOf(text: string): readonly string[] {
  const words: string[] = [];
  for (const [found] of text.normalize("NFKC").toLowerCase().matchAll(WORD)) {
    if (UNSPACED.test(found)) words.push(...pairsOf(found));
    else if (!COMMON.has(found) && found.length <= MAX_WORD_CHARS) words.push(stemOf(found));
  }
  return words;
}

function pairsOf(text: string): readonly string[] {
  const characters = [...text];
  if (characters.length < 2) return characters;
  return characters.slice(1).map((character, index) => `${characters[index]}${character}`);
}

/** Without the commonest endings of English, so that `returns` finds `return`. Other languages keep theirs. */
function stemOf(word: string): string {
  const bare = word.replace(/['’]s?$/, "");
  if (bare.length > 5 && bare.endsWith("ing")) return bare.slice(0, -3);
  if (bare.length > 4 && bare.endsWith("ies")) return `${bare.slice(0, -3)}y`;
  if (bare.length > 4 && bare.endsWith("ed")) return bare.slice(0, -2);
  return bare.length > 3 && bare.endsWith("s") && !bare.endsWith("ss") ? bare.slice(0, -1) : bare;
}
