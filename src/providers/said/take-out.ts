/**
 * A text without what it has in common with others. Owns how a quotation is found, also one that was escaped on its
 * way; knows nothing of providers. Time grows with the length of the sources and not with that of what is sought:
 * all of it is sought in one pass, by a rolling hash (Karp and Rabin, 1987).
 */

/** Stands where something was. Shorter than a run, so that it is never taken for one. */
export const TAKEN_OUT = "[…]";

/** Characters that two texts must have in common, one behind the other, to be a quotation. */
export const RUN = 8;

/** What is left may, joined, be a quotation again; a text that goes on doing so is dropped. */
const MAX_ROUNDS = 3;
/** JSON in a string of JSON in a string of JSON. */
const MAX_DECODED = 3;

export interface Quotable {
  /** Any run of `RUN` characters of one is taken out. */
  readonly sources: readonly string[];
  /** Taken out wherever they stand, however short; not empty. */
  readonly whole?: readonly string[];
}

/** `texts` without what they quote. Also found are quotations in escapes of JSON, Python, HTML and URLs. */
export function takeOut(texts: readonly string[], quotable: Quotable): readonly string[] {
  let kept = texts;
  const missing = new Set<string>();
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const next = takeOutOnce(kept, quotable, missing);
    if (next.every((text, i) => text === kept[i])) return kept;
    kept = next;
  }
  return texts.map(() => TAKEN_OUT);
}

/** `missing`: runs that no source has, as far as is known; those that prove to be such are added. */
function takeOutOnce(
  texts: readonly string[],
  { sources, whole = [] }: Quotable,
  missing: Set<string>,
): readonly string[] {
  const read = texts.map(readingsOf);
  const sought = new Set(
    read
      .flat()
      .flatMap(runsOf)
      .filter((run) => !missing.has(run)),
  );
  const found = findRuns(sought, sources);
  for (const run of sought) missing.add(run);
  return texts.map((text, i) => {
    const taken = new Uint8Array(text.length);
    for (const reading of read[i] ?? []) mark(taken, reading, found, whole);
    return withoutTaken(text, taken);
  });
}

/** A text as it reads unescaped, and which piece of the written one each character came from. */
interface Reading {
  readonly text: string;
  readonly from: readonly number[];
  readonly to: readonly number[];
}

const ESCAPE =
  /\\u([0-9a-fA-F]{4})|\\U([0-9a-fA-F]{8})|\\x([0-9a-fA-F]{2})|\\([nrtbf"'`\\/])|&(quot|apos|lt|gt|amp|nbsp);|&#(\d{1,7});|&#[xX]([0-9a-fA-F]{1,6});|((?:%[0-9a-fA-F]{2})+)/g;
const LETTERS: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", b: "\b", f: "\f" };
const ENTITIES: Readonly<Record<string, string>> = {
  quot: '"',
  apos: "'",
  lt: "<",
  gt: ">",
  amp: "&",
  nbsp: "\u00a0",
};

/** As it is written, and as it reads after each unescaping that changes it. */
function readingsOf(text: string): readonly Reading[] {
  const from = Array.from({ length: text.length }, (_, i) => i);
  const readings: Reading[] = [{ text, from, to: from.map((i) => i + 1) }];
  for (let i = 0; i < MAX_DECODED; i++) {
    const last = readings[i];
    const next = last && decoded(last);
    if (!next || next.text === last.text) break;
    readings.push(next);
  }
  return readings;
}

function decoded({ text, from, to }: Reading): Reading {
  const units: { text: string; from: number[]; to: number[] } = { text: "", from: [], to: [] };
  let at = 0;
  const copy = (until: number): void => {
    units.text += text.slice(at, until);
    for (; at < until; at++) {
      units.from.push(from[at] ?? 0);
      units.to.push(to[at] ?? 0);
    }
  };
  for (const written of text.matchAll(ESCAPE)) {
    const meant = meaningOf(written);
    if (meant === null) continue;
    copy(written.index);
    at += written[0].length;
    units.text += meant;
    for (let i = 0; i < meant.length; i++) {
      units.from.push(from[written.index] ?? 0);
      units.to.push(to[at - 1] ?? 0);
    }
  }
  copy(text.length);
  return units;
}

/** Null: it only looks like an escape. */
function meaningOf(written: RegExpMatchArray): string | null {
  const [, unit, point, byte, letter, entity, decimal, hex, percent] = written;
  if (letter !== undefined) return LETTERS[letter] ?? letter;
  if (entity !== undefined) return ENTITIES[entity] ?? null;
  if (percent !== undefined) return unpercented(percent);
  const code =
    decimal === undefined ? Number.parseInt(unit ?? point ?? byte ?? hex ?? "", 16) : Number(decimal);
  return code <= 0x10ffff ? String.fromCodePoint(code) : null;
}

function unpercented(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

function runsOf({ text }: Reading): string[] {
  const runs: string[] = [];
  for (let i = 0; i + RUN <= text.length; i++) runs.push(text.slice(i, i + RUN));
  return runs;
}

/** Odd, so that every character of a run counts in its hash. */
const BASE = 0x01000193;
const BASE_TO_RUN = Array.from({ length: RUN }).reduce<number>((power) => Math.imul(power, BASE), 1);

/** A power of two: enough that few of a source's runs are looked up in vain. */
const SLOTS = 1 << 13;

/** Those of `sought` that stand in a source. Empties `sought` of them. */
function findRuns(sought: Set<string>, sources: readonly string[]): ReadonlySet<string> {
  const found = new Set<string>();
  const waiting = new Uint16Array(SLOTS);
  const slotOf = (hash: number): number => (hash ^ (hash >>> 16)) & (SLOTS - 1);
  const count = (slot: number, change: number): void => {
    waiting[slot] = (waiting[slot] ?? 0) + change;
  };
  for (const run of sought) count(slotOf(hashOf(run)), 1);
  for (const source of sources) {
    if (sought.size === 0) break;
    let hash = 0;
    for (let i = 0; i < source.length; i++) {
      hash = (Math.imul(hash, BASE) + source.charCodeAt(i)) | 0;
      if (i >= RUN) hash = (hash - Math.imul(source.charCodeAt(i - RUN), BASE_TO_RUN)) | 0;
      if (i < RUN - 1 || waiting[slotOf(hash)] === 0) continue;
      const run = source.slice(i - RUN + 1, i + 1);
      if (!sought.delete(run)) continue;
      found.add(run);
      // Found once is enough: a source that says nothing else is not looked up at each of its characters.
      count(slotOf(hash), -1);
    }
  }
  return found;
}

function hashOf(run: string): number {
  let hash = 0;
  for (let i = 0; i < run.length; i++) hash = (Math.imul(hash, BASE) + run.charCodeAt(i)) | 0;
  return hash;
}

function mark(
  taken: Uint8Array,
  reading: Reading,
  found: ReadonlySet<string>,
  whole: readonly string[],
): void {
  const { text, from, to } = reading;
  const take = (start: number, length: number): void => {
    taken.fill(1, from[start], to[start + length - 1]);
  };
  for (const [at, run] of found.size === 0 ? [] : runsOf(reading).entries()) {
    if (found.has(run)) take(at, RUN);
  }
  for (const word of whole) {
    for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) take(at, word.length);
  }
}

function withoutTaken(text: string, taken: Uint8Array): string {
  let kept = "";
  for (let at = 0; at < text.length; ) {
    const isTaken = taken[at] === 1;
    let end = at + 1;
    while (end < text.length && (taken[end] === 1) === isTaken) end++;
    kept += isTaken ? TAKEN_OUT : text.slice(at, end);
    at = end;
  }
  // Half a character may be left beside what was taken.
  return kept.toWellFormed();
}
