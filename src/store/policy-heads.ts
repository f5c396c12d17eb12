/**
 * The policy that lives in the store, as a port: its newest state alone, written by whoever has seen the one
 * before. Owns the shapes; what came earlier is in the activations.
 */
import type { ActivationPlan } from "../core/activation-plan.ts";

/** The policy's texts: the base under the name ``, an environment's overlay under the environment's name. */
export type PolicyDocuments = Readonly<Record<string, string>>;

/** The name of the base. */
export const BASE_DOCUMENT = "";

/** Texts that take the place of the head's own by steps, and how. */
export interface StagedDocuments {
  readonly plan: ActivationPlan;
  readonly documents: PolicyDocuments;
}

/**
 * What kind of act made the documents what they are; `edit`: a verb on a rollout or a model alias; `return`: nobody has
 * asked for it.
 */
export type HeadAct = "push" | "edit" | "rollback" | "return" | "activate";

export interface PolicyHead {
  /** Counts writes, from 1. */
  readonly revision: number;
  /** Epoch milliseconds. */
  readonly at: number;
  /** Who made the documents what they are, and why. What is staged says that of itself. */
  readonly actor: string;
  readonly note: string | null;
  /** Null, or absent where it is written: it was filled from a file, or by an earlier release. */
  readonly via?: HeadAct | null;
  readonly documents: PolicyDocuments;
  /** Null, or absent where it is written: nothing is taking over. */
  readonly staged?: StagedDocuments | null;
}

export interface PolicyHeadStore {
  /** The newest one, where it is newer than `after`; null: there is none. */
  read(after: number): Promise<PolicyHead | null>;
  /**
   * Takes the place of revision `head.revision - 1`; 1 is the first. False where another writer was faster.
   * When it resolves, the head survives `kill -9`.
   */
  write(head: PolicyHead): Promise<boolean>;
}
