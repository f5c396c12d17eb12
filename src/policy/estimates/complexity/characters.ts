/**
 * What each UTF-16 code unit is to the estimators: a letter of which script, a digit, a mark. Owns the
 * table and the hash of words; knows no language and no score.
 */

/** Kinds of a code unit. Up to `hangul` are letters of scripts that part words with spaces. */
export const KIND = {
  other: 0,
  latin: 1,
  cyrillic: 2,
  greek: 3,
  arabic: 4,
  hebrew: 5,
  devanagari: 6,
  letter: 7,
  hangul: 8,
  /** Scripts without spaces between words. */
  han: 9,
  kana: 10,
  thai: 11,
  digit: 12,
  space: 13,
  newline: 14,
  question: 15,
  /** Marks that programs are full of and prose is not. */
  code: 16,
  maths: 17,
  backtick: 18,
  /** What may begin an item of a list. */
  bullet: 19,
} as const;

export const LAST_SPACED_LETTER = KIND.hangul;
export const LAST_LETTER = KIND.thai;

type KindName = keyof typeof KIND;

/** First and last code unit; later rows win. */
const RANGES: readonly (readonly [KindName, number, number])[] = [
  ["letter", 0x00aa, 0x05ff],
  ["latin", 0x0041, 0x005a],
  ["latin", 0x0061, 0x007a],
  ["latin", 0x00c0, 0x024f],
  ["maths", 0x00d7, 0x00d7],
  ["maths", 0x00f7, 0x00f7],
  ["other", 0x00ab, 0x00b4],
  ["other", 0x00b6, 0x00b9],
  ["other", 0x00bb, 0x00bf],
  ["maths", 0x00b1, 0x00b3],
  ["latin", 0x1e00, 0x1eff],
  ["greek", 0x0370, 0x03ff],
  ["greek", 0x1f00, 0x1fff],
  ["cyrillic", 0x0400, 0x052f],
  ["hebrew", 0x0590, 0x05ff],
  ["arabic", 0x0610, 0x06ff],
  ["arabic", 0x0750, 0x077f],
  ["arabic", 0xfb50, 0xfdff],
  ["arabic", 0xfe70, 0xfefc],
  ["other", 0x061b, 0x061b],
  ["other", 0x066a, 0x066d],
  ["other", 0x06d4, 0x06d4],
  ["digit", 0x0660, 0x0669],
  ["digit", 0x06f0, 0x06f9],
  ["letter", 0x0700, 0x074f],
  ["letter", 0x0780, 0x08ff],
  ["devanagari", 0x0900, 0x0963],
  ["digit", 0x0966, 0x096f],
  ["devanagari", 0x0971, 0x097f],
  ["letter", 0x0980, 0x0dff],
  ["thai", 0x0e00, 0x0eff],
  ["letter", 0x0f00, 0x0fff],
  ["thai", 0x1000, 0x109f],
  ["letter", 0x10a0, 0x10ff],
  ["hangul", 0x1100, 0x11ff],
  ["letter", 0x1200, 0x177f],
  ["thai", 0x1780, 0x17ff],
  ["letter", 0x1800, 0x1cff],
  ["kana", 0x3041, 0x30ff],
  ["other", 0x30fb, 0x30fb],
  ["hangul", 0x3130, 0x318f],
  ["kana", 0x31f0, 0x31ff],
  ["han", 0x3005, 0x3007],
  ["han", 0x3400, 0x4dbf],
  ["han", 0x4e00, 0x9fff],
  ["han", 0xf900, 0xfaff],
  ["hangul", 0xac00, 0xd7a3],
  ["kana", 0xff66, 0xff9f],
  ["digit", 0x0030, 0x0039],
  ["maths", 0x2200, 0x22ff],
  ["maths", 0x2a00, 0x2aff],
  ["space", 0x2000, 0x200a],
];

const MARKS: readonly (readonly [KindName, string])[] = [
  ["space", " \t\u00a0\u3000"],
  ["newline", "\n\r\u2028\u2029"],
  ["question", "?\u061f\uff1f"],
  ["code", "{}[]<>=;|&\\_$#@~"],
  ["maths", "^+"],
  ["backtick", "`"],
  ["bullet", "-*\u2022"],
];

let kinds: Uint8Array | null = null;

/** The kind of every code unit. Built when it is first asked for: most policies estimate nothing. */
export function kindsOfCodes(): Uint8Array {
  kinds ??= buildKinds();
  return kinds;
}

function buildKinds(): Uint8Array {
  const kinds = new Uint8Array(0x10000);
  for (const [kind, first, last] of RANGES) kinds.fill(KIND[kind], first, last + 1);
  for (const [kind, marks] of MARKS) for (const mark of marks) kinds[mark.charCodeAt(0)] = KIND[kind];
  return kinds;
}

const FOLDED = 0x590;

/** Lower case of the code units before Hebrew; further scripts here have no case. */
const FOLDS: Uint16Array = Uint16Array.from({ length: FOLDED }, (_, code) => {
  const lower = String.fromCharCode(code).toLowerCase();
  // The Turkish dotted capital becomes two code units, the first of which is the letter.
  return lower.charCodeAt(0);
});

/** Start of a word's hash: FNV-1a over folded code units (Fowler, Noll and Vo, 1991). */
export const HASH_SEED = 0x811c9dc5 | 0;

/** The hash of a word and one more code unit. */
export function extendHash(hash: number, code: number): number {
  return Math.imul(hash ^ (code < FOLDED ? (FOLDS[code] ?? code) : code), 0x01000193);
}

export function hashWord(word: string): number {
  let hash = HASH_SEED;
  for (let i = 0; i < word.length; i++) hash = extendHash(hash, word.charCodeAt(i));
  return hash;
}
