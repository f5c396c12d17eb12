/**
 * Acts on the policy as a port, with the texts that each put in force. Owns the shapes; knows no driver and not how a
 * policy is made of its texts.
 */

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
  /** `file:line:column severity message`, errors first; of earlier releases by place, without a severity. */
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

export interface KeptText {
  readonly digest: string;
  readonly text: string;
}

/** Texts kept: those that were put in force longest ago leave first. */
export const MAX_POLICY_TEXTS = 1_000;

export interface ActivationHistory {
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

export interface ActivationStore extends ActivationHistory {
  /** Keeps the texts with it, each once however many activations refer to it. */
  record(activation: Activation, texts?: readonly KeptText[]): Promise<void>;
}

/** Whether `activation` is one that `findVersion(version, environment)` looks for. */
export function putsInForce(
  activation: Activation,
  version: string,
  environment: string | null | undefined,
): boolean {
  if (activation.version !== version || activation.result === "refused") return false;
  const there = activation.environment;
  return environment === undefined || there === undefined || there === environment;
}
