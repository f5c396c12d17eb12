/** Feature flags: what one is, whom it is asked for, and where values come from. Owns the shapes; decides no flag. */
import type { Caller } from "./caller.ts";
import type { Random } from "./clock.ts";
import type { FlagValue, RuleContext } from "./rule-context.ts";

export type { FlagValue };

/** Whom a flag is asked for. */
export interface FlagSubject {
  /** Without flags: a flag cannot depend on another. */
  readonly context: RuleContext;
  readonly caller: Caller;
  /** The end user's id, where the caller states one, for `remote` alone. */
  readonly user: string | undefined;
  /** What the policy tells end users apart by. */
  readonly userDigest: string | undefined;
  readonly random: Random;
  /** Asked first; null: the policy alone decides. */
  readonly remote: FlagSource | null;
}

/** What OpenFeature calls the reason of a value. */
export type FlagReason = "TARGETING_MATCH" | "SPLIT" | "DEFAULT" | "CACHED";

export interface FlagDetails {
  readonly value: FlagValue;
  /** Null where a provider did not say. */
  readonly variant: string | null;
  readonly reason: FlagReason;
}

/** Values of flags that come from elsewhere, at hand without waiting. */
export interface FlagSource {
  /** Null where there is none yet: then the policy decides. Never throws and never waits. */
  lookUp(flag: string, like: FlagValue, caller: Caller, user: string | undefined): FlagDetails | null;
}

/** The policy's flags. */
export interface FlagSet {
  readonly names: readonly string[];
  /** Signals that their rules read, as those of a route do. */
  readonly reads: ReadonlySet<string>;
  /** Null where there is no such flag. */
  evaluate(name: string, subject: FlagSubject): FlagDetails | null;
  /** What conditions read: each flag is evaluated when it is read, and once. */
  facts(subject: FlagSubject): NonNullable<RuleContext["flags"]>;
}

/** An OpenFeature provider that is loaded at the start. */
export interface FlagsProviderSpec {
  /** Name of an installed package. */
  readonly module: string;
  /** Of the provider's class, or of a function that makes one. */
  readonly exported: string;
  /** Its only argument; `{ env: NAME }` stands for that variable. */
  readonly options: unknown;
  /** Milliseconds that a value is used before it is asked for anew. */
  readonly ttlMs: number;
}
