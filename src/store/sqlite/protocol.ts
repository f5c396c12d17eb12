/**
 * What the main thread and the database's thread say to each other. Answers come in the order of the
 * questions, one each, so nothing carries a number. A batch of decisions is a bare string (batch.ts),
 * which costs the least to hand over.
 */
import type { StoreErrorKind } from "../store-error.ts";

/** What SQLite can bind and return, as far as this house uses it. */
export type SqlValue = string | number | null | Uint8Array;

export interface Statement {
  readonly sql: string;
  readonly parameters: readonly SqlValue[];
}

export type Row = Readonly<Record<string, unknown>>;

export type ToThread =
  /** First of all; answered when the file is open and its schema current. */
  | {
      readonly type: "open";
      readonly path: string;
      readonly mode: "write" | "read";
      /** Decisions kept. */
      readonly retain: number;
    }
  | ({ readonly type: "execute" } & Statement)
  /** All of them or none, in order; answered with the rows of the last. */
  | { readonly type: "transaction"; readonly statements: readonly Statement[] }
  /** Answered when the file is closed; nothing may follow. */
  | { readonly type: "close" }
  | string;

export type FromThread =
  | { readonly ok: true; readonly rows: readonly Row[] }
  | { readonly ok: false; readonly kind: StoreErrorKind; readonly message: string };
