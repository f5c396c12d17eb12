/** Which characters one place of a pattern takes. Owns case, classes and shorthands. */

/** Of a code point that was lower-cased with its text. */
export type CharacterTest = (code: number) => boolean;

/** Code points, both ends included. */
export type Range = readonly [from: number, to: number];

const LINE_BREAKS: ReadonlySet<number> = new Set([0x0a, 0x0d, 0x2028, 0x2029]);
const LETTER_OR_NUMBER = /^[\p{L}\p{N}\p{M}_]$/u;
const SPACE = /^\s$/u;

export const NOT_LINE_BREAK: CharacterTest = (code) => !LINE_BREAKS.has(code);

export function literal(character: string): CharacterTest {
  // What becomes two characters in lower case stays as it is.
  const lower = [...character.toLowerCase()];
  const wanted = (lower.length === 1 ? lower[0] : character)?.codePointAt(0);
  return (code) => code === wanted;
}

/** Letters, digits, marks and underscores of any script. */
export const isWord: CharacterTest = (code) => {
  if (code < 128) {
    return (code >= 97 && code <= 122) || (code >= 48 && code <= 57) || code === 95 || isUpper(code);
  }
  return LETTER_OR_NUMBER.test(String.fromCodePoint(code));
};

function isUpper(code: number): boolean {
  return code >= 65 && code <= 90;
}

const isDigit: CharacterTest = (code) => code >= 48 && code <= 57;
const isSpace: CharacterTest = (code) => SPACE.test(String.fromCodePoint(code));

const SHORTHANDS: Readonly<Record<string, CharacterTest>> = {
  d: isDigit,
  D: (code) => !isDigit(code),
  w: isWord,
  W: (code) => !isWord(code),
  s: isSpace,
  S: (code) => !isSpace(code),
};

export function shorthand(name: string): CharacterTest | null {
  return Object.hasOwn(SHORTHANDS, name) ? (SHORTHANDS[name] ?? null) : null;
}

export function classOf(
  ranges: readonly Range[],
  tests: readonly CharacterTest[],
  negated: boolean,
): CharacterTest {
  const within = (code: number): boolean => ranges.some(([from, to]) => code >= from && code <= to);
  return (code) => {
    const holds = within(code) || within(upperOf(code)) || tests.some((test) => test(code));
    return holds !== negated;
  };
}

function upperOf(code: number): number {
  const upper = [...String.fromCodePoint(code).toUpperCase()];
  return upper.length === 1 ? (upper[0]?.codePointAt(0) ?? code) : code;
}
