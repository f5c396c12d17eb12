/** Counts of tokens as providers state them. Owns which numbers are believed; what they are called is each wire's. */
import type { JsonObject } from "./wire.ts";

/** More than any model reads or says in one answer, by far: such a number is a mistake, and would be one in money. */
const MOST_TOKENS = 1e9;

/** 0 for what is no count. */
export function tokenCount(value: unknown): number {
  return isTokenCount(value) ? Math.round(value) : 0;
}

export function isTokenCount(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && value <= MOST_TOKENS;
}

/**
 * Whether `block` states how much was read and said, in the fields `input` and `output`: one of them at least, and
 * nothing in either that is no count. One that does not is no report, and an estimate says more than its zeros.
 */
export function statesUsage(block: JsonObject, input: string, output: string): boolean {
  const [read, said] = [block[input] ?? null, block[output] ?? null];
  if (read === null && said === null) return false;
  return (read === null || isTokenCount(read)) && (said === null || isTokenCount(said));
}
