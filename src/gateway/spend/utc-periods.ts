/** The UTC day and the UTC calendar month of a moment. Owns where they begin and end; epoch milliseconds. */

export const DAY_MS = 86_400_000;

export function dayStart(at: number): number {
  return Math.floor(at / DAY_MS) * DAY_MS;
}

export function monthStart(at: number): number {
  const date = new Date(at);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1);
}

/** Where the month of `at` is over. */
export function monthEnd(at: number): number {
  const date = new Date(at);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1);
}
