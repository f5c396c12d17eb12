/** The policy in force and how it changes, as ports. Owns the shapes; policy-keeper.ts keeps the rules. */
import type { Clock } from "../../../core/clock.ts";
import type { Ids } from "../../../core/ids.ts";
import type { KeySpec } from "../../../core/keys.ts";
import type { ConfigSnapshot, SplitSnapshots } from "../../../core/snapshot.ts";
import type { CompilePorts } from "../../../policy/compile/compile.ts";
import type { Finding } from "../../../policy/finding.ts";
import type { PolicyText } from "../../../policy/reading/load.ts";
import type { ActivationHistory, ActivationStore } from "../../../store/activation-store.ts";
import type { AuditDetails, AuditRecord } from "../../../store/audit-store.ts";
import type { HeadAct, PolicyDocuments, PolicyHead } from "../../../store/policy-heads.ts";
import type { Pin } from "../kept-policies.ts";
import type {
  Act,
  OfferResult,
  PutResult,
  Schedule,
  StagingResult,
  StagingStatus,
  WatchStatus,
} from "../policy-acts.ts";
import type { SourceStatus } from "../sources/source.ts";
import type { KeptStaging, StagingPlace } from "../staging/staging-place.ts";
import type { StoredPolicy } from "../stored-policy.ts";
import type { InForce, Overlay, OverrideStatus } from "./in-force.ts";
import type { JudgeQuestion } from "./judge/judge.ts";
import type { Judged } from "./judge-here.ts";

/** What putting policies in force needs of the program around it. */
export interface PolicyPorts {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly activations: ActivationStore;
  readonly compile: CompilePorts;
  /** Judges large texts without holding up requests; absent: they are judged like small ones. */
  judge?(question: JudgeQuestion): Promise<Judged>;
  /** Lets requests have their turn between two pieces of an activation's work; absent: it goes on at once. */
  pause?(): Promise<void>;
  /** Keys that the program adds to those of the policy. */
  readonly extraKeys: readonly KeySpec[];
  saveLastGood(sources: readonly PolicyText[]): Promise<void>;
  savePin(pin: Pin | null): Promise<void>;
  /** Does not reject. */
  audit(record: AuditRecord): Promise<void>;
  sourceStatus(): SourceStatus | null;
  /** `validatedAt`: when the texts had proved to fit the schema, by the judge's clock; absent: judged in one go. */
  onActivated(
    snapshot: ConfigSnapshot,
    previousVersion: string | null,
    via: Act["via"],
    validatedAt?: number,
  ): void;
  /** Absent: nothing is laid over the source's texts. */
  readonly overlay?: Overlay;
  /** Where the policy lives in the store: as this gateway knows it. Absent: it lives elsewhere. */
  readonly stored?: StoredPolicy;
  /** Where an activation by steps is written down. */
  readonly stagingPlace: StagingPlace;
  /** A version that begins to take over by steps, or another share of it; null: none does any more. */
  onStaged(newer: ConfigSnapshot | null, share: number): void;
  /** Which gateway this is, for records of what each of several does by itself. */
  readonly instance?: string;
  onRefused(findings: readonly Finding[]): void;
  /**
   * Serving goes on. Of an act that waits for the history it is told once, and again where it never will be written; of
   * all else that is tried again by itself once, and once an hour for as long as it fails.
   */
  onRecordFailed(what: RecordKind, thrown: unknown): void;
}

/**
 * What was not written down; `last_good`: the copy for a start without the source; `head`: what the store has newer was not
 * read.
 */
export type RecordKind = "history" | "last_good" | "pin" | "staging" | "head";

export interface PolicyStatus {
  readonly version: string | null;
  readonly environment: string | null;
  readonly activatedAt: number | null;
  readonly files: readonly string[];
  /** Of the policy in force. */
  readonly warnings: readonly Finding[];
  /** Of a newer text that was refused and waits for its fix; null when there is none. */
  readonly refused: { readonly at: number; readonly findings: readonly Finding[] } | null;
  /** Where texts come from, and whether it answers. */
  readonly source?: SourceStatus;
  /** What operators have laid over rollouts of the text. */
  readonly overrides?: readonly OverrideStatus[];
  /** A version that is compared with the one before it, and may give its traffic back by itself. */
  readonly watch?: WatchStatus | null;
  /** A version that takes over by steps. */
  readonly staging?: StagingStatus | null;
  /** A rollback that holds the source's present text back. `kept: false`: a restart would undo it, until it is written. */
  readonly pinned?: (Pick<Pin, "version" | "at" | "actor" | "note"> & { readonly kept?: false }) | null;
}

/** What can be done within a turn, in which nothing else changes the policy of this gateway. */
export interface PolicyTurn {
  /** The store's newest state, which this gateway has taken in; null: the policy lives elsewhere. */
  readonly head: PolicyHead | null;
  /**
   * Checks `documents`, writes them into the store upon `head`, and puts them in force. `conflict`: another gateway has
   * written first, and nothing has happened.
   */
  replace(documents: PolicyDocuments, act: WrittenAct): Promise<PutResult | { readonly result: "conflict" }>;
  /** Puts `sources` in force until the source has other texts than now, also over restarts. */
  pin(sources: readonly PolicyText[], act: Act): Promise<PutResult>;
  /** Begins to put `sources` in force by steps; those that are due at once, at once. */
  stage(sources: readonly PolicyText[], schedule: Schedule, act: Act): Promise<StagingResult>;
  /** Completes what is staged, without its remaining steps. Null: nothing is. */
  finishStaging(act: Act): Promise<StagingResult | null>;
  /** Gives all traffic back to the version before. Null: nothing is staged. */
  dropStaging(act: Act, details?: AuditDetails): Promise<StagingResult | null>;
}

/** An act that changes the store's documents. */
export type WrittenAct = Act & { readonly via: HeadAct };

export interface PolicyControl {
  /** The snapshot in force. Throws before the first activation: nothing may serve without a policy. */
  snapshot(): ConfigSnapshot;
  /** Two versions and who reads which, while one takes over from the other; null: `snapshot` is everybody's. */
  split(): SplitSnapshots | null;
  /** The texts in force, and what they say; null before the first activation. */
  inForce(): Pick<InForce, "sources" | "texts" | "document"> | null;
  status(): PolicyStatus;
  /** Every act so far, with those that are not written down yet. */
  readonly history: ActivationHistory;
  /** What would come of `sources`; `asTheyAre`: with nothing laid over them. Changes and records nothing. */
  check(sources: readonly PolicyText[], asTheyAre?: boolean): Promise<CheckResult>;
  /**
   * Puts the source's texts in force, or refuses them and changes nothing. The same texts again do nothing, and
   * neither do those that a rollback or a staged activation holds back.
   */
  offer(sources: readonly PolicyText[], actor: string): Promise<OfferResult>;
  /**
   * The same with what the store says: its texts as the act of whoever it names, then what it has staged. A head that is
   * no newer than what this gateway has taken in or written is of a look that came late, and does nothing.
   */
  follow(head: PolicyHead): Promise<OfferResult>;
  /**
   * Does `work` upon the newest state: what is newer in the store is taken in first, where the policy lives there.
   * Where another gateway writes before `work` can, both are done again. Rejects where the store cannot be read or
   * written.
   */
  atNewest<T>(work: (turn: PolicyTurn) => Promise<T>): Promise<T>;
  /**
   * At the start: goes on with what an earlier process has staged. `over`: a pin has taken its place, and the process was
   * killed before it could say so. `lost`: it cannot be. Both are forgotten.
   */
  resumeStaging(
    kept: KeptStaging,
    offered: readonly PolicyText[] | null,
  ): Promise<"resumed" | "over" | "lost">;
  /** Puts texts in force that were good once, whatever their tests say today: the alternative is no policy. */
  restore(sources: readonly PolicyText[], actor: string): Promise<PutResult>;
  /** Puts the source's texts in force again. Null: nothing was pinned. */
  unpin(act: Act): Promise<PutResult | null>;
  /**
   * At the start: puts the pinned texts in force, if the source still has the texts that they hold back, or has not
   * answered (`offered` is null). Null: nothing is pinned, or the source has other texts.
   */
  restorePin(offered: readonly PolicyText[] | null): Promise<PutResult | null>;
  /**
   * Compiles the texts in force again, since what lies outside them, such as a profile's regions, has changed. Null:
   * nothing is in force.
   */
  recompile(
    actor: string,
    via?: "recompile" | "rollout" | "alias",
    note?: string | null,
  ): Promise<PutResult | null>;
  /** Shows findings of a text that was refused before the policy in force took its place. */
  noteRefused(findings: readonly Finding[]): void;
  /** What is not written down yet is tried a last time, for a moment. */
  close(): Promise<void>;
}

export type CheckResult =
  | {
      readonly result: "valid";
      readonly version: string;
      readonly findings: readonly Finding[];
      /** From the policy in force, in words. */
      readonly changes: readonly string[];
    }
  | { readonly result: "refused"; readonly findings: readonly Finding[] };
