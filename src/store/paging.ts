/** The bounds of a page that every driver shares; knows no storage and nothing of what is on a page. */

const MAX_PAGE = 500;

/** A limit a driver may use: a whole number from 1 to 500, whatever was asked for. */
export function pageLimit(limit: number): number {
  return boundedLimit(limit, MAX_PAGE);
}

/** A limit a driver may use: a whole number from 1 to `max`, whatever was asked for. */
export function boundedLimit(limit: number, max: number): number {
  return limit >= 1 ? Math.min(max, Math.floor(limit)) : 1;
}
