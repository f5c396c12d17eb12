/** What routing saw of one request and first made of it, so that it can be routed again. Owns the shape: no text. */
import type { Role } from "./caller.ts";
import type { Capability } from "./contract.ts";
import type { FlagValue } from "./flags.ts";
import type { NanoDollars } from "./money.ts";
import type { RungKind } from "./plan.ts";
import type { Operation } from "./request.ts";
import type { SpendSum } from "./spend.ts";

/** A deployment's condition as far as routing looked at it. */
export interface SeenHealth {
  readonly healthy?: boolean;
  readonly firstTokenMs?: number;
  readonly inFlight?: number;
}

/** What routing decided before anything was called. */
export interface PlannedRoute {
  readonly rule: string;
  /** `rollout/arm`; absent: no rollout took the request in. */
  readonly arm?: string;
  /** Who would be called first; absent: nobody was left, so that a degraded mode or a refusal answers, or `shortened`. */
  readonly first?: { readonly rung: RungKind; readonly model: string; readonly deployment: string };
  /** The policy shortens it first: who is called then, if anybody, follows from its messages, which are on no record. */
  readonly shortened?: true;
  /** Code of the fault that the caller gets at once; absent: something answers. */
  readonly refused?: string;
}

/**
 * Part of a decision record. Nothing of what the request says is in it, and of its end user a digest of 32 bits
 * alone: the same user has the same one, and whoever knows an id can work out its digest.
 */
export interface RoutingFacts {
  /** The alias that the caller named; absent: the use case's id. */
  readonly target?: string;
  readonly role: Role;
  /** Absent: `chat`. */
  readonly operation?: Operation;
  /** Before an arm added its prompt, and before anything was left out. */
  readonly inputTokens: number;
  /** Of several inputs to embed, those of the longest; absent: `inputTokens`. */
  readonly longestInputTokens?: number;
  /** Output tokens asked for; absent: the caller did not say. */
  readonly maxTokens?: number;
  /** Answers asked for at once; absent: one, or more where `needs` says so and the release did not say how many. */
  readonly choices?: number;
  readonly messages: number;
  /** Capabilities without which no model can serve it; absent: none. */
  readonly needs?: readonly Capability[];
  /** Absent where no rule of that time read it, unless `records.estimates` is `always`. */
  readonly complexity?: number;
  /** The version of the estimate that made it; absent with it, and in records of releases that did not say. */
  readonly complexityVersion?: number;
  readonly language?: string;
  readonly user?: string;
  /** The first draw of chance, of 2^32; absent: none was needed. Further ones follow from it. */
  readonly draw?: number;
  /** By deployment id; absent: routing looked at none. */
  readonly health?: Readonly<Record<string, SeenHealth>>;
  /** What another system had decided of the flags that were read. */
  readonly flags?: Readonly<Record<string, FlagValue>>;
  /** What had been spent, as far as rules of that time read it, or all sums where `records.estimates` is `always`. */
  readonly spend?: Readonly<Partial<Record<SpendSum, NanoDollars>>>;
  readonly planned: PlannedRoute;
}
