/** Ranges of numbers as match tables write them. Owns the notation and what is wrong with a text. */

import type { Writable } from "../../core/writable.ts";
import {
  ANY_NUMBER,
  type Interval,
  isEmpty,
  neverIn,
  numberField,
  sundayHint,
  wordsForField,
} from "./number-field.ts";

export type NumberTest = (value: number) => boolean;

interface RangeProblem {
  readonly message: string;
  readonly fix: string;
  /** The character of the text at which it goes wrong. */
  readonly offset: number;
}

export type ParsedRange =
  /** `doubt`: a number in it that the field never has; null: none. */
  | { readonly ok: true; readonly test: NumberTest; readonly doubt: RangeProblem | null }
  /** `readable`: it says something, which no number of the field meets. */
  | { readonly ok: false; readonly readable: boolean; readonly problem: RangeProblem };

const NUMBER = "-?\\d+(?:\\.\\d+)?";
const COMPARISON = new RegExp(`^(<=|>=|<|>|==|=|!=)?\\s*(${NUMBER})$`);
const SPAN = new RegExp(`^(${NUMBER})\\s*\\.\\.\\s*(${NUMBER})$`);

const FORMS = 'Write a number, "< 500", ">= 0.6", "9..17", or several joined by commas.';

/** What is left of all numbers. */
interface Draft extends Writable<Interval> {
  readonly excluded: number[];
}

/**
 * `500`, `"< 500"`, `"9..17"` with both ends, or several joined by commas that must all hold. `field` is the
 * fact it is compared with, `signals.hour`.
 */
export function parseRange(written: number | string, field: string): ParsedRange {
  const interval: Draft = { ...ANY_NUMBER, excluded: [] };
  let doubt: RangeProblem | null = null;
  const text = String(written);
  let offset = 0;
  for (const part of text.split(",")) {
    const start = offset + (part.length - part.trimStart().length);
    const numbers = narrow(interval, part.trim());
    if (numbers === null) {
      return { ok: false, readable: false, problem: { ...unreadable(part.trim()), offset: start } };
    }
    const [first, last] = numbers;
    if (first !== undefined && last !== undefined && first > last) {
      const problem = { ...backwards(part.trim(), first, last, field), offset: start };
      return { ok: false, readable: false, problem };
    }
    for (const number of numbers) {
      const outside = doubtOf(number, field);
      if (outside !== null) doubt ??= { ...outside, offset: start };
    }
    offset += part.length + 1;
  }
  if (isEmpty(interval)) {
    const message = `No number is in the range "${text}".`;
    const fix = "A comma means that both must hold; use a list for either.";
    return { ok: false, readable: false, problem: { message, fix, offset: 0 } };
  }
  const known = numberField(field);
  if (known && neverIn(interval, known)) {
    const what = wordsForField(known);
    const message = `The range "${text}" never holds: ${nameOf(field)} is ${what}.`;
    const fix = `Write ${what} that is within it.${sundayHint(field, interval.least)}`;
    return { ok: false, readable: true, problem: doubt ?? { message, fix, offset: 0 } };
  }
  doubt ??= doubtOfExcluded(interval, field) ?? doubtOfSunday(interval, text, field);
  return { ok: true, test: testOf(interval), doubt };
}

/** The numbers that `part` names; null: it cannot be read. */
function narrow(interval: Draft, part: string): readonly number[] | null {
  const span = SPAN.exec(part);
  if (span !== null) {
    const [first, last] = [Number(span[1]), Number(span[2])];
    raise(interval, first, true);
    lower(interval, last, true);
    return [first, last];
  }
  const comparison = COMPARISON.exec(part);
  if (comparison === null) return null;
  const number = Number(comparison[2]);
  const operator = comparison[1] ?? "=";
  if (operator === "!=") interval.excluded.push(number);
  if (operator === ">" || operator === ">=") raise(interval, number, operator === ">=");
  if (operator === "<" || operator === "<=") lower(interval, number, operator === "<=");
  if (operator === "=" || operator === "==") {
    raise(interval, number, true);
    lower(interval, number, true);
  }
  return [number];
}

/** What is excluded and is never there: the entry always holds, as far as that goes. */
function doubtOfExcluded({ excluded }: Draft, field: string): RangeProblem | null {
  const known = numberField(field);
  const number = excluded.find((one) => known && neverIn({ ...ANY_NUMBER, least: one, most: one }, known));
  if (number === undefined || !known) return null;
  const what = wordsForField(known);
  const message = `${nameOf(field)} is never ${number}: it is ${what}.`;
  return { message, fix: `Write ${what}.${sundayHint(field, number)}`, offset: 0 };
}

/** `1..7` reads as every day, and is all but one. */
function doubtOfSunday(interval: Draft, text: string, field: string): RangeProblem | null {
  const { least, leastIncluded, most, mostIncluded } = interval;
  const hasSunday = least < 0 || (least === 0 && leastIncluded);
  if (hasSunday || !mostIncluded || sundayHint(field, most) === "") return null;
  const message = `"${text}" does not hold on Sundays: weekday is 0 then, and never 7.`;
  return { message, fix: 'Sunday is 0: list it beside the other days, ["1..6", 0].', offset: 0 };
}

/** Who writes `22..6` means the night, which is two spans to a clock. */
function backwards(
  part: string,
  first: number,
  last: number,
  field: string,
): { message: string; fix: string } {
  const message = `No number is in the range "${part}": it ends before it begins.`;
  const known = numberField(field);
  const wraps =
    known?.whole === true && Number.isFinite(known.most) && first <= known.most && last >= known.least;
  const fix = wraps
    ? `For both sides of the turn list two spans: ["${first}..${known.most}", "${known.least}..${last}"].`
    : `Write the smaller number first: "${last}..${first}".`;
  return { message, fix };
}

function raise(interval: Draft, least: number, included: boolean): void {
  if (least < interval.least || (least === interval.least && included)) return;
  interval.least = least;
  interval.leastIncluded = included;
}

function lower(interval: Draft, most: number, included: boolean): void {
  if (most > interval.most || (most === interval.most && included)) return;
  interval.most = most;
  interval.mostIncluded = included;
}

function unreadable(part: string): { message: string; fix: string } {
  const message = `"${part}" is not a range.`;
  if (/^=[<>]/.test(part)) return { message, fix: `Write "${part[1]}=" in place of "${part.slice(0, 2)}".` };
  if (/\d\s*[kKmM%]$/.test(part)) return { message, fix: "Write the number out: 5000, not 5k." };
  if (part.includes("$")) return { message, fix: "Write US dollars without the sign: > 10." };
  if (/&&|\band\b/.test(part)) return { message, fix: 'Join with a comma: ">= 9, < 18".' };
  return { message, fix: FORMS };
}

/** One beyond the most is let pass: `< 24` means what it says. */
function doubtOf(number: number, field: string): { message: string; fix: string } | null {
  const { least, most } = numberField(field) ?? { least: 0, most: Number.POSITIVE_INFINITY };
  const slack = most > 1 && Number.isFinite(most) ? 1 : 0;
  if (number >= least && number <= most + slack) return null;
  const name = nameOf(field);
  if (most === Number.POSITIVE_INFINITY) {
    return { message: `${name} is never below 0.`, fix: "Write a number from 0 on." };
  }
  const message = `${name} lies between ${least} and ${most}, never at ${number}.`;
  return { message, fix: `Write a number from ${least} to ${most}.` };
}

function nameOf(field: string): string {
  return field.slice(field.indexOf(".") + 1);
}

function testOf({ least, most, leastIncluded, mostIncluded, excluded }: Draft): NumberTest {
  const inside: NumberTest = (value) =>
    (leastIncluded ? value >= least : value > least) && (mostIncluded ? value <= most : value < most);
  return excluded.length === 0 ? inside : (value) => inside(value) && !excluded.includes(value);
}
