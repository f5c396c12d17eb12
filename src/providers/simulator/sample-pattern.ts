/**
 * A string that a regular expression matches, for the constructs that schemas use: literals, classes,
 * groups, alternatives, counted repetition, anchors. Runs no expression, so no pattern can hang it.
 */

interface Cursor {
  readonly source: string;
  at: number;
  /** Repetitions beyond each minimum, to reach a minimum length. */
  readonly extra: number;
  /** Characters that may still be produced. */
  budget: number;
}

const MAX_PATTERN = 500;
const MAX_SAMPLE = 2_000;
const MAX_EXTRA = 64;

/** A match of at least `minLength` characters, or null where the pattern uses more than the above. */
export function samplePattern(pattern: string, minLength: number): string | null {
  if (pattern.length > MAX_PATTERN) return null;
  for (let extra = 0; extra <= Math.min(minLength, MAX_EXTRA); extra++) {
    const cursor: Cursor = { source: pattern, at: 0, extra, budget: MAX_SAMPLE };
    const sample = alternatives(cursor);
    if (sample === null || cursor.at !== pattern.length) return null;
    if (sample.length >= minLength) return sample;
    // Without an anchor at the end anything may follow.
    if (!pattern.endsWith("$")) return sample + "x".repeat(minLength - sample.length);
  }
  return null;
}

/** The first alternative's sample; the others are walked over to find their end. */
function alternatives(cursor: Cursor): string | null {
  const first = sequence(cursor);
  if (first === null) return null;
  while (cursor.source[cursor.at] === "|") {
    cursor.at++;
    if (sequence(cursor) === null) return null;
  }
  return first;
}

function sequence(cursor: Cursor): string | null {
  let sample = "";
  while (
    cursor.at < cursor.source.length &&
    cursor.source[cursor.at] !== "|" &&
    cursor.source[cursor.at] !== ")"
  ) {
    const atom = readAtom(cursor);
    if (atom === null) return null;
    const times = repetition(cursor);
    if (times === null) return null;
    cursor.budget -= atom.length * times;
    if (cursor.budget < 0) return null;
    sample += atom.repeat(times);
  }
  return sample;
}

function readAtom(cursor: Cursor): string | null {
  const character = String.fromCodePoint(cursor.source.codePointAt(cursor.at) ?? 0);
  cursor.at += character.length;
  switch (character) {
    case "^":
    case "$":
      return "";
    case ".":
      return "x";
    case "(":
      return group(cursor);
    case "[":
      return characterClass(cursor);
    case "\\":
      return escapeSequence(cursor);
    case "*":
    case "+":
    case "?":
      return null;
    default:
      return character;
  }
}

function group(cursor: Cursor): string | null {
  if (cursor.source[cursor.at] === "?") {
    const opening = /^\?(?::|<[A-Za-z]\w*>)/.exec(cursor.source.slice(cursor.at, cursor.at + 60));
    if (!opening) return null; // look-around: what it wants cannot be made by going along
    cursor.at += opening[0].length;
  }
  const sample = alternatives(cursor);
  if (cursor.source[cursor.at] !== ")") return null;
  cursor.at++;
  return sample;
}

const CLASSES: Readonly<Record<string, string>> = { d: "7", w: "a", s: " ", D: "x", W: "-", S: "x" };
const CONTROLS: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", f: "\f", v: "\v" };

function escapeSequence(cursor: Cursor): string | null {
  const letter = cursor.source[cursor.at++];
  if (letter === undefined) return null;
  if (letter === "b") return "";
  if (letter === "u" || letter === "x") return codeEscape(cursor, letter === "u" ? 4 : 2);
  if (letter === "p") return propertyEscape(cursor);
  const known = CLASSES[letter] ?? CONTROLS[letter];
  if (known !== undefined) return known;
  return /[A-Za-z0-9]/.test(letter) ? null : letter;
}

function codeEscape(cursor: Cursor, digits: number): string | null {
  const hex = cursor.source.slice(cursor.at, cursor.at + digits);
  if (hex.length !== digits || !/^[0-9a-fA-F]+$/.test(hex)) return null;
  cursor.at += digits;
  return String.fromCharCode(Number.parseInt(hex, 16));
}

const PROPERTIES: Readonly<Record<string, string>> = { L: "a", Ll: "a", Lu: "A", N: "7", Nd: "7" };

function propertyEscape(cursor: Cursor): string | null {
  const name = /^\{(\w+)\}/.exec(cursor.source.slice(cursor.at, cursor.at + 40));
  if (!name) return null;
  cursor.at += name[0].length;
  return PROPERTIES[name[1] ?? ""] ?? null;
}

const CLASS_RANGES: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  d: [["0", "9"]],
  w: [
    ["a", "z"],
    ["A", "Z"],
    ["0", "9"],
    ["_", "_"],
  ],
  s: [
    [" ", " "],
    ["\t", "\r"],
  ],
};

/** One member of a class; of a negated one, the first plain character that is not in it. */
function characterClass(cursor: Cursor): string | null {
  const negated = cursor.source[cursor.at] === "^";
  if (negated) cursor.at++;
  const ranges: (readonly [string, string])[] = [];
  while (cursor.source[cursor.at] !== "]") {
    const shorthand = cursor.source[cursor.at] === "\\" && CLASS_RANGES[cursor.source[cursor.at + 1] ?? ""];
    if (shorthand) {
      ranges.push(...shorthand);
      cursor.at += 2;
      continue;
    }
    const from = classMember(cursor);
    if (from === null) return null;
    let to = from;
    if (cursor.source[cursor.at] === "-" && cursor.source[cursor.at + 1] !== "]") {
      cursor.at++;
      const end = classMember(cursor);
      if (end === null) return null;
      to = end;
    }
    ranges.push([from, to]);
  }
  cursor.at++;
  if (!negated) return ranges[0]?.[0] ?? null;
  const outside = (one: string) => !ranges.some(([from, to]) => from <= one && one <= to);
  return [..."xA7-_ é☂"].find(outside) ?? null;
}

function classMember(cursor: Cursor): string | null {
  const character = cursor.source.codePointAt(cursor.at);
  if (character === undefined) return null;
  const text = String.fromCodePoint(character);
  cursor.at += text.length;
  return text === "\\" ? escapeSequence(cursor) : text;
}

/** How often the atom before is written; null when what follows it is no sound quantifier. */
function repetition(cursor: Cursor): number | null {
  const rest = cursor.source.slice(cursor.at, cursor.at + 24);
  const match = /^(?:([*+?])|\{(\d{1,6})(,(\d{1,6})?)?\})\??/.exec(rest);
  if (!match) return 1;
  cursor.at += match[0].length;
  const [, sign, least, comma, most] = match;
  const min = sign === "+" ? 1 : Number(least ?? 0);
  if (min > MAX_SAMPLE) return null;
  const unbounded = sign === "*" || sign === "+" || (comma !== undefined && most === undefined);
  const max = sign === "?" ? 1 : unbounded ? Number.POSITIVE_INFINITY : Number(most ?? min);
  return Math.min(max, min + cursor.extra);
}
