/**
 * Decision records as a port: what is kept of a request, what can be asked for, and what requests cost together. Owns
 * the shapes and what every driver does alike; knows no driver.
 */
import type { Decision, DecisionOutcome } from "../core/decision.ts";
import { idsFrom } from "../core/ids.ts";
import type { NanoDollars } from "../core/money.ts";

/** Records that one page of sums is about: some 10 ms of a reading thread. */
export const SPENT_PAGE = 2_000;

export interface SpentQuery {
  /** Epoch milliseconds: requests that arrived from then on, and before then. */
  readonly since: number;
  readonly until: number;
  /** The cursor of the page before. */
  readonly before?: string;
}

/** What requests of one key for one use case cost together; above 0. */
export interface SpentSum {
  readonly tenant: string;
  readonly keyId: string;
  readonly useCase: string | null;
  readonly cost: NanoDollars;
}

export interface SpentPage {
  /** Each key and use case once. */
  readonly sums: readonly SpentSum[];
  /** Pass as `before` to go on with earlier requests; null at the end. */
  readonly cursor: string | null;
}

export interface DecisionQuery {
  /** 1 to 500. */
  readonly limit: number;
  /** Written before this decision, newest first. Excludes `after`. */
  readonly before?: string;
  /** Written after this decision, oldest first: a follower misses no request, however long one took. */
  readonly after?: string;
  readonly useCase?: string;
  readonly outcome?: DecisionOutcome;
  readonly tenant?: string;
  /**
   * Epoch milliseconds: requests that arrived from then on, and before then. With either of them the page is in the
   * order of arrival, oldest first, and `after` goes on in it; `before` is not to be given.
   */
  readonly since?: number;
  readonly until?: number;
}

/** Every id of a decision lies between these, as text. */
export function idRange({ since, until }: Pick<DecisionQuery, "since" | "until">): {
  readonly from: string;
  readonly to: string;
} {
  return {
    from: idsFrom("dec", since ?? 0),
    to: until === undefined ? "dec_~" : idsFrom("dec", until),
  };
}

/** Whether the page goes by arrival. */
export function isByArrival({ since, until }: DecisionQuery): boolean {
  return since !== undefined || until !== undefined;
}

export interface DecisionPage {
  readonly decisions: readonly Decision[];
  /** Pass as `before` (or `after`) to go on in the same direction; null at the end. */
  readonly cursor: string | null;
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

/**
 * A decision as it is kept: what can be asked for, and the whole as JSON. It is turned into text when its
 * request ends, since a flat text costs a collector nothing while it waits and a tree of objects does.
 */
export interface DecisionRecord {
  readonly id: string;
  readonly useCase: string | null;
  readonly tenant: string;
  readonly outcome: DecisionOutcome;
  readonly keyId: string;
  readonly cost: NanoDollars | null;
  /** The `Decision` as JSON. */
  readonly document: string;
}

export function recordOf(decision: Decision): DecisionRecord {
  const { id, useCase, tenant, outcome, keyId, cost } = decision;
  return { id, useCase, tenant, outcome, keyId, cost, document: JSON.stringify(decision) };
}

/** A document was written by `recordOf` and by nobody else, so it is what it says. */
export function parseRecord(row: { readonly document: string }): Decision {
  return JSON.parse(row.document) as Decision;
}

export interface DecisionStore {
  /** When it resolves, the records survive `kill -9`. Writing a batch again changes nothing. */
  append(batch: readonly DecisionRecord[]): Promise<void>;
  list(query: DecisionQuery): Promise<DecisionPage>;
  get(id: string): Promise<Decision | null>;
  /** What requests cost, the latest first, as far as their records are kept; unknown costs are in no sum. */
  spent(query: SpentQuery): Promise<SpentPage>;
}
