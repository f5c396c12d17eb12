/** What the house keeps, as ports. Drivers implement them and pass test/contract; callers know only these. */
import type { Decision, DecisionOutcome } from "../core/decision.ts";
import type { BatchStore } from "./batch-store.ts";
import type { FileStore } from "./file-store.ts";

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
}

export interface DecisionPage {
  readonly decisions: readonly Decision[];
  /** Pass as `before` (or `after`) to go on in the same direction; null at the end. */
  readonly cursor: string | null;
}

/**
 * A decision as it is kept: what can be asked for, and the whole as JSON. It is turned into text when its
 * request ends, since a flat text costs a collector nothing while it waits and a tree of objects does.
 */
export interface DecisionRecord {
  readonly id: string;
  readonly at: number;
  readonly useCase: string | null;
  readonly tenant: string;
  readonly outcome: DecisionOutcome;
  /** The `Decision` as JSON. */
  readonly document: string;
}

export function recordOf(decision: Decision): DecisionRecord {
  const { id, at, useCase, tenant, outcome } = decision;
  return { id, at, useCase, tenant, outcome, document: JSON.stringify(decision) };
}

export interface DecisionStore {
  /** When it resolves, the records survive `kill -9`. Writing an id again changes nothing. */
  append(batch: readonly DecisionRecord[]): Promise<void>;
  list(query: DecisionQuery): Promise<DecisionPage>;
  get(id: string): Promise<Decision | null>;
}

/** One act on the policy (D5): who, when, what changed, or why it was refused. */
export interface Activation {
  readonly id: string;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly actor: string;
  readonly source: string;
  readonly result: "activated" | "refused" | "rolled_back";
  readonly version: string | null;
  readonly previousVersion: string | null;
  /** Dotted paths that differ from the previous version, at most 100. */
  readonly changes: readonly string[];
  readonly findings: readonly string[];
}

export interface ActivationStore {
  record(activation: Activation): Promise<void>;
  /** Newest first. */
  list(limit: number): Promise<readonly Activation[]>;
}

export interface Store {
  readonly decisions: DecisionStore;
  readonly activations: ActivationStore;
  readonly files: FileStore;
  readonly batches: BatchStore;
  close(): Promise<void>;
}
