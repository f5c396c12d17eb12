/**
 * What can be done to the policy in force, by whom, and what comes of it. Owns the shapes, and what kinds there are.
 */
import type { ActivationPlan, ActivationStage } from "../../core/activation-plan.ts";
import type { Finding } from "../../policy/finding.ts";
import type { HeadAct } from "../../store/policy-heads.ts";
import type { ErrorCount } from "./watch/confidence-sequence.ts";

export interface Act {
  /** A key's id; or the part of the gateway that acted by itself: `file`, `start`, `inference-profiles`. */
  readonly actor: string;
  readonly via:
    | "source"
    | "push"
    /** A verb on a rollout or a model alias has changed the store's text. */
    | "edit"
    | "rollback"
    | "unpin"
    | "restore"
    | "recompile"
    /** The last step of a staged activation, or all of it at once. */
    | "activate"
    /** The version did worse than the one before it. */
    | "return"
    /** An operator has laid something over a rollout, or taken it away. */
    | "rollout"
    /** The same, of a model alias. */
    | "alias";
  /** What the store says of the act that wrote its texts, at whichever gateway; absent: nothing. */
  readonly origin?: HeadAct;
  /** An earlier process has done it, and this one takes it up. */
  readonly again?: true;
  /** Why, in the actor's words. */
  readonly note: string | null;
  /** The actor's own text, which takes the place of the one called `file` and that he calls `given`. */
  readonly text?: { readonly file: string; readonly given: string };
}

/** What is said of texts to whoever gave one: by the name that he gave it, under which he finds it. */
export function asGiven<Named extends { readonly file: string }>(
  { text }: Act,
  named: readonly Named[],
): readonly Named[] {
  if (text === undefined) return named;
  return named.map((one) => (one.file === text.file ? { ...one, file: text.given } : one));
}

/** What comes of texts that are to be put in force. */
export type PutResult =
  | {
      readonly result: "activated" | "unchanged";
      readonly version: string;
      readonly previousVersion: string | null;
      readonly findings: readonly Finding[];
      /** What changed, in words. */
      readonly changes: readonly string[];
    }
  | { readonly result: "refused"; readonly findings: readonly Finding[] };

/** What comes of texts that the source offers: of all texts only these are held back. */
export type OfferResult =
  | PutResult
  /** By a rollback, or by a staged activation; or they are older than what is known. `version`: the one in force. */
  | { readonly result: "held"; readonly version: string };

/** What kind of act it was where it was done first, here or at another gateway. */
export function kindOf({ via, origin }: Act): Act["via"] {
  return origin ?? via;
}

/** Whether it puts in force whatever text the source has. */
export function isFromSource({ via }: Act): boolean {
  return via === "source" || via === "unpin" || via === "recompile";
}

/** Whether it puts a version in force that was in force before. */
export function isReturn(act: Act): boolean {
  const kind = kindOf(act);
  return kind === "rollback" || kind === "return";
}

/** How a version is to take over; times are milliseconds. */
export interface Schedule {
  /** Epoch milliseconds of the first step. */
  readonly startsAt: number;
  /** Percent that each step adds; 100: everything at once. */
  readonly stepPercent: number;
  readonly stepEveryMs: number;
}

/** A version that is compared with the one before it. */
export interface WatchStatus {
  readonly version: string;
  readonly previousVersion: string;
  /** When it had its first request; epoch milliseconds. */
  readonly since: number;
  /** Null: for as long as it takes over by steps. */
  readonly until: number | null;
  readonly minRequests: number;
  readonly maxIncrease: number;
  readonly newer: ErrorCount;
  readonly older: ErrorCount;
}

/** A staged activation as operators see it. */
export interface StagingStatus extends ActivationPlan {
  readonly stage: ActivationStage;
  /** When the last step is due; epoch milliseconds. */
  readonly endsAt: number;
  /** The source has another text than when it began, which is offered when it ends. */
  readonly sourceWaits: boolean;
}

export type StagingResult =
  | {
      readonly result: "staged";
      readonly version: string;
      readonly previousVersion: string;
      readonly staging: StagingStatus;
      readonly findings: readonly Finding[];
      /** From the policy in force, in words. */
      readonly changes: readonly string[];
    }
  /** Another one is under way. */
  | { readonly result: "running"; readonly staging: StagingStatus }
  /** Somebody else has written first. */
  | { readonly result: "conflict" }
  /** What the store has is not valid here, and so is nothing that this gateway could go on from. */
  | { readonly result: "behind" }
  | PutResult;

/** Longest note that is kept. */
export const MAX_NOTE = 500;
