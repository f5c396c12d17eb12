/** What the numbers of conditions can be: their bounds, and whether they are whole. Owns whether a range ever holds. */

interface NumberField {
  readonly least: number;
  readonly most: number;
  /** Counts and calendar fields, which are never between two whole numbers. */
  readonly whole: boolean;
}

const CALENDAR = { least: 0, whole: true } as const;
const COUNT: NumberField = { least: 0, most: Number.POSITIVE_INFINITY, whole: true };
/** Tokens are estimated, and money has cents. */
const AMOUNT: NumberField = { ...COUNT, whole: false };

const FIELDS: Readonly<Record<string, NumberField>> = {
  "signals.complexity": { least: 0, most: 1, whole: false },
  "signals.hour": { ...CALENDAR, most: 23 },
  "signals.minute": { ...CALENDAR, most: 59 },
  "signals.weekday": { ...CALENDAR, most: 6 },
  // None where vectors are asked for.
  "request.messages": COUNT,
  "request.max_tokens": COUNT,
  "signals.input_tokens": AMOUNT,
  "signals.spend_tenant_today": AMOUNT,
  "signals.spend_tenant_month": AMOUNT,
  "signals.spend_key_today": AMOUNT,
  "signals.spend_key_month": AMOUNT,
  "signals.spend_use_case_today": AMOUNT,
  "signals.spend_use_case_month": AMOUNT,
};

/** What is left of all numbers. */
export interface Interval {
  readonly least: number;
  readonly most: number;
  readonly leastIncluded: boolean;
  readonly mostIncluded: boolean;
}

export const ANY_NUMBER: Interval = {
  least: Number.NEGATIVE_INFINITY,
  most: Number.POSITIVE_INFINITY,
  leastIncluded: true,
  mostIncluded: true,
};

/** What two intervals have in common. */
export function overlapOf(a: Interval, b: Interval): Interval {
  const least = Math.max(a.least, b.least);
  const most = Math.min(a.most, b.most);
  return {
    least,
    most,
    leastIncluded: (a.least < least || a.leastIncluded) && (b.least < least || b.leastIncluded),
    mostIncluded: (a.most > most || a.mostIncluded) && (b.most > most || b.mostIncluded),
  };
}

export function isEmpty({ least, most, leastIncluded, mostIncluded }: Interval): boolean {
  return least > most || (least === most && !(leastIncluded && mostIncluded));
}

/** Of `owner.field`; undefined: any number, or no number at all. */
export function numberField(name: string): NumberField | undefined {
  return Object.hasOwn(FIELDS, name) ? FIELDS[name] : undefined;
}

/** Whether no number that the field can be lies in `interval`. */
export function neverIn({ least, most, leastIncluded, mostIncluded }: Interval, field: NumberField): boolean {
  if (!field.whole) {
    if (most < field.least || least > field.most) return true;
    return (most === field.least && !mostIncluded) || (least === field.most && !leastIncluded);
  }
  const first = leastIncluded ? Math.ceil(least) : Math.floor(least) + 1;
  const last = mostIncluded ? Math.floor(most) : Math.ceil(most) - 1;
  return Math.max(first, field.least) > Math.min(last, field.most);
}

/** Whether `number` is so far from the bounds of a field with an end that it is no way to write one of them. */
export function isOutside(number: number, { least, most }: NumberField): boolean {
  const slack = most > 1 ? 1 : 0;
  return Number.isFinite(most) && (number < least - slack || number > most + slack);
}

/** With a blank before it; empty unless `number` is how others count Sundays. */
export function sundayHint(name: string, number: number): string {
  return name === "signals.weekday" && number === 7 ? " Sunday is 0." : "";
}

/** `a number from 0 on`, `a whole number from 0 to 23`. */
export function wordsForField({ least, most, whole }: NumberField): string {
  const end = most === Number.POSITIVE_INFINITY ? "on" : `to ${most}`;
  return `a ${whole ? "whole " : ""}number from ${least} ${end}`;
}
