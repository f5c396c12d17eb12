/** What the house keeps, as ports. Drivers implement them and pass test/contract; callers know only these. */
import type { Decision, DecisionOutcome } from "../core/decision.ts";
import { idsFrom } from "../core/ids.ts";
import type { NanoDollars } from "../core/money.ts";
import type { AnswerStore } from "./answer-store.ts";
import type { AuditStore } from "./audit-store.ts";
import type { BatchStore } from "./batch-store.ts";
import type { CircuitOrderStore } from "./circuit-orders.ts";
import type { FileStore } from "./file-store.ts";
import type { JobQueue } from "./job-queue.ts";
import type { JobStore } from "./job-store.ts";
import type { PolicyHeadStore } from "./policy-heads.ts";
import type { TicketStore } from "./ticket-store.ts";

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

export interface DecisionStore {
  /** When it resolves, the records survive `kill -9`. Writing a batch again changes nothing. */
  append(batch: readonly DecisionRecord[]): Promise<void>;
  list(query: DecisionQuery): Promise<DecisionPage>;
  get(id: string): Promise<Decision | null>;
  /** What requests cost, the latest first, as far as their records are kept; unknown costs are in no sum. */
  spent(query: SpentQuery): Promise<SpentPage>;
}

/** One act on the policy: who, when, what changed, or why it was refused. */
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
  /** The changes in words. Absent, like what follows, in what earlier releases recorded. */
  readonly summary?: readonly string[];
  /** Why, in the words of whoever did it. */
  readonly note?: string | null;
  /** The texts that were put in force, by their digests; absent where it was refused. */
  readonly texts?: readonly TextReference[];
  /** Of the gateway whose policy it was; null: it has none. Absent in what earlier releases recorded. */
  readonly environment?: string | null;
  /** Which state of the store's own policy it was; absent where the policy lives elsewhere. */
  readonly revision?: number;
}

export interface TextReference {
  /** How findings name the text. */
  readonly file: string;
  /** Lower-case hexadecimal SHA-256 of the text. */
  readonly digest: string;
}

export interface PolicyText {
  readonly digest: string;
  readonly text: string;
}

/** Texts kept: those that were put in force longest ago leave first. */
export const MAX_POLICY_TEXTS = 1_000;

export interface ActivationStore {
  /** Keeps the texts with it, each once however many activations refer to it. */
  record(activation: Activation, texts?: readonly PolicyText[]): Promise<void>;
  /** Newest first. `before`: the id of the last one of the page before. */
  list(limit: number, before?: string): Promise<readonly Activation[]>;
  /**
   * The newest one that put `version` in force; with `environment`, there, or in a record of an earlier release that
   * does not say where.
   */
  findVersion(version: string, environment?: string | null): Promise<Activation | null>;
  /** Null where it is not kept, or not any more. */
  text(digest: string): Promise<string | null>;
}

export interface Store {
  readonly decisions: DecisionStore;
  readonly activations: ActivationStore;
  readonly files: FileStore;
  readonly batches: BatchStore;
  readonly answers: AnswerStore;
  readonly tickets: TicketStore;
  readonly policyHeads: PolicyHeadStore;
  readonly audit: AuditStore;
  readonly circuitOrders: CircuitOrderStore;
  /** The embedded queue: closing the store ends it. */
  readonly queue: JobQueue;
  readonly jobs: JobStore;
  close(): Promise<void>;
}
