/** Scalars that recur in the document: names, durations, globs, amounts. Owns how they are written. */
import { z } from "zod";
import { parseDuration } from "../../core/duration.ts";

const DURATION = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+$/;
const DURATION_ERROR = "must be a duration with a unit, such as 250ms, 20s or 1m30s";
const LONG_DURATION_ERROR = "must be a duration with a unit, such as 10m, 24h or 7d, and 30 days at most";
const DAY_MS = 86_400_000;
const MAX_KEPT_MS = 30 * DAY_MS;

/** Says what belongs there also where a number stands; nothing of what is not there at all. */
const inWords = (words: string) => (issue: { readonly input?: unknown }) =>
  issue.input === undefined ? undefined : words;

/** A duration as people write it. It stays text in the document, so that a diff shows `20s → 30s`. */
export const duration = z
  .string({ error: inWords(DURATION_ERROR) })
  .regex(DURATION, { error: DURATION_ERROR, abort: true })
  .refine((text) => milliseconds(text) <= DAY_MS, "must be a day at most");

/** As `duration`, for what is kept. */
export const longDuration = z
  .string({ error: inWords(LONG_DURATION_ERROR) })
  .refine((text) => (parseDuration(text) ?? Number.POSITIVE_INFINITY) <= MAX_KEPT_MS, LONG_DURATION_ERROR);

/** Whole milliseconds of a duration that matched the schema. */
export function milliseconds(text: string): number {
  return Math.round(parseDuration(text) ?? Number.POSITIVE_INFINITY);
}

/** Names of entries. They become headers and URL segments, so they are plain ASCII without separators. */
export const id = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
    "must be 1 to 64 letters, digits, dots, dashes or underscores, and begin with a letter or digit",
  );

/** What callers may also say for a use case; vendors' model names with slashes and colons pass. */
export const alias = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}$/, "must be 1 to 128 letters, digits or any of . _ : / -");

export const regionGlob = z
  .string()
  .regex(/^[A-Za-z0-9*._-]{1,64}$/, "must be a region or a glob such as eu-*");

export const environmentVariable = z
  .string()
  .regex(
    /^[A-Za-z_][A-Za-z0-9_]{0,127}$/,
    "must be the name of an environment variable, such as OPENAI_API_KEY",
  );

export const headerName = z
  .string()
  .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}$/, "must be a header name, such as api-key");

export const headerValue = z
  .string()
  .regex(/^[\x20-\x7e]{0,1024}$/, "must be printable ASCII without line breaks");

export const count = z.int().min(1).max(1_000_000_000);

export const ratio = z.number().gt(0).max(1);

/** US dollars per million tokens. */
export const price = z.number().min(0).max(1_000_000);

/** For `refine`: exactly one of `keys` is given. */
export function exactlyOne(keys: readonly string[]): (value: object) => boolean {
  return (value) => {
    const record = value as Readonly<Record<string, unknown>>;
    return keys.filter((key) => record[key] !== undefined).length === 1;
  };
}
