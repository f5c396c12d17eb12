/** Rules of a policy that choose a ladder, and the rungs of one. Owns the shapes; a request's own ladder is a plan's. */
import type { Deployment } from "./deployment.ts";
import type { RungKind, Selection } from "./plan.ts";
import type { Condition } from "./rule-context.ts";

/** One rung as the policy states it, with its deployments found. */
export interface RungSpec {
  readonly kind: RungKind;
  readonly model: string;
  /** By which the policy names it; absent: by its own name. */
  readonly alias?: string;
  readonly selection: Selection;
  readonly deployments: readonly Deployment[];
}

/** A text field that must hold one of `values` for a rule to match: what rules can be looked up by. */
export interface RuleRequirement {
  /** As conditions write it: `caller.tenant`. */
  readonly field: string;
  readonly values: readonly string[];
}

export interface RouteRule {
  readonly name: string;
  /** Match table and condition together; null: always. */
  readonly when: Condition | null;
  /** Match table and condition as written, for explain. */
  readonly source: string | null;
  /**
   * Signals it reads that are estimated from the request's text, or change with time: health, the hour, the spending.
   */
  readonly reads: ReadonlySet<string>;
  /** Necessary for `when`, not sufficient. */
  readonly requires: readonly RuleRequirement[];
  readonly ladder: readonly RungSpec[];
}
