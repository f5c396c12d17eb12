/** The rules of a page that every driver shares. Owns limits and cursors; knows no storage. */
import type { Decision } from "../core/decision.ts";
import type { DecisionPage } from "./ports.ts";

const MAX_PAGE = 500;

/** A limit a driver may use: a whole number from 1 to 500, whatever was asked for. */
export function pageLimit(limit: number): number {
  if (!(limit >= 1)) return 1;
  return Math.min(MAX_PAGE, Math.floor(limit));
}

/**
 * A page of `found`, which a driver fetched with one record more than `limit` where there was one: the
 * surplus record is the proof that the cursor leads somewhere.
 */
export function pageOf(found: readonly Decision[], limit: number): DecisionPage {
  if (found.length <= limit) return { decisions: found, cursor: null };
  const decisions = found.slice(0, limit);
  return { decisions, cursor: decisions.at(-1)?.id ?? null };
}

/** A document was written by `recordOf` and by nobody else, so it is what it says. */
export function parseRecord(row: { readonly document: string }): Decision {
  return JSON.parse(row.document) as Decision;
}
