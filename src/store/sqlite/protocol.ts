/**
 * What the main thread and the database's thread say to each other. Answers come in the order of the
 * questions, one each, so nothing carries a number. A batch of decisions is a bare string
 * (decisions/segment.ts), which costs the least to hand over.
 */
import type { DecisionQuery, SpentQuery } from "../decision-store.ts";
import type { StoreErrorKind } from "../store-error.ts";

/** What SQLite can bind and return, as far as this house uses it. */
export type SqlValue = string | number | null | Uint8Array;

export interface Statement {
  readonly sql: string;
  readonly parameters: readonly SqlValue[];
}

export type Row = Readonly<Record<string, unknown>>;

/** Answered with a row for each decision, which has its `document`, or with one that is a `SpentPage`. */
export type DecisionQuestion =
  | { readonly type: "decisions"; readonly query: DecisionQuery }
  | { readonly type: "decision"; readonly id: string }
  | { readonly type: "spent"; readonly query: SpentQuery };

/** What is asked of a file that is open. */
export type Question =
  | ({ readonly type: "execute" } & Statement)
  /** All of them or none, in order; answered with the rows of the last. */
  | { readonly type: "transaction"; readonly statements: readonly Statement[] }
  | DecisionQuestion
  | string;

export type ToThread =
  /** First of all; answered when the file is open and its schema current. */
  | {
      readonly type: "open";
      readonly path: string;
      readonly mode: "write" | "read";
      /** Decisions kept. */
      readonly retain: number;
    }
  | Question
  /** Answered when the file is closed; nothing may follow. */
  | { readonly type: "close" };

export type FromThread =
  | { readonly ok: true; readonly rows: readonly Row[] }
  | { readonly ok: false; readonly kind: StoreErrorKind; readonly message: string };
