/** One version of the policy, ready to serve. Owns the shape alone. */
import type { ConfigSnapshot } from "../../../core/snapshot.ts";
import type { PolicyDocument } from "../../../policy/document/document.ts";
import type { Finding } from "../../../policy/finding.ts";
import type { PolicyText } from "../../../policy/reading/load.ts";

export interface InForce {
  readonly snapshot: ConfigSnapshot;
  readonly document: PolicyDocument;
  /** As the source has them. */
  readonly sources: readonly PolicyText[];
  /** With what operators have laid over them: what was compiled. */
  readonly texts: readonly PolicyText[];
  readonly warnings: readonly Finding[];
  /** Epoch milliseconds. */
  readonly at: number;
}

/** Something that an operator has laid over a rollout or a model alias. */
export interface OverrideStatus {
  /** Its name; of an alias `alias:name`. */
  readonly rollout: string;
  readonly verb: string;
  /** `canary.weight: 25` */
  readonly values: readonly string[];
  /** Epoch milliseconds. */
  readonly at: number;
  readonly actor: string;
  readonly note: string | null;
}

/** What operators lay over the source's texts. */
export interface Overlay {
  lay(sources: readonly PolicyText[]): readonly PolicyText[];
  /** What is laid over the texts in force. */
  list(): readonly OverrideStatus[];
  /** `sources` are in force now: ends what no longer fits them; `bare`: all, since nothing was laid over them. */
  settle(sources: readonly PolicyText[], bare: boolean): void;
}
