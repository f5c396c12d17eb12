/** What can be done to the policy in force, by whom, and what comes of it. Owns the shapes alone. */
import type { Finding } from "../../policy/finding.ts";

export interface Act {
  /** A key's id; or the part of the gateway that acted by itself: `file`, `start`, `inference-profiles`. */
  readonly actor: string;
  readonly via: "source" | "push" | "rollback" | "unpin" | "restore" | "recompile";
  /** Why, in the actor's words. */
  readonly note: string | null;
}

export type ActivationResult =
  | {
      readonly result: "activated" | "unchanged";
      readonly version: string;
      readonly previousVersion: string | null;
      readonly findings: readonly Finding[];
      /** What changed, in words. */
      readonly changes: readonly string[];
    }
  | { readonly result: "refused"; readonly findings: readonly Finding[] }
  /** A rollback holds these texts back. */
  | { readonly result: "held"; readonly version: string };

/** Longest note that is kept. */
export const MAX_NOTE = 500;
