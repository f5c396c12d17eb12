/** Rollouts of a policy: requests parted between arms, and copies for a candidate. Owns the shapes; chooses no arm. */
import type { NanoDollars } from "./money.ts";
import type { Experiment, RequestChange } from "./plan.ts";
import type { RungSpec } from "./route-rule.ts";
import type { Condition } from "./rule-context.ts";

/** Who keeps the same arm, or the same value of a flag, from request to request. `request`: nobody does. */
export const STICKINESS = ["caller", "user", "caller_and_user", "request"] as const;
export type Stickiness = (typeof STICKINESS)[number];

/** Which requests a rollout takes in, and by what it parts them. */
interface RolloutScope {
  readonly name: string;
  /** Null: all of the use case. */
  readonly when: Condition | null;
  /** As written, for explain. */
  readonly source: string | null;
  /**
   * Signals it reads that are estimated from the request's text, or change with time: health, the hour, the spending.
   */
  readonly reads: ReadonlySet<string>;
  readonly sticky: Stickiness;
  /** Of its name, for hashing. */
  readonly seed: number;
}

export interface Arm {
  readonly name: string;
  /** `rollout/arm`. */
  readonly label: string;
  readonly experiment: Experiment;
  /** Percent of the rollout's requests; all arms together have 100. */
  readonly weight: number;
  /** Of its name, for hashing. */
  readonly seed: number;
  /** Climbed before the ladder that routing chose or, where it `replaces`, instead; null: that one as it is. */
  readonly ladder: { readonly rungs: readonly RungSpec[]; readonly replaces: boolean } | null;
  readonly change: RequestChange | null;
}

/** Requests parted between arms: by weight, or all to the one that is live. */
export interface Rollout extends RolloutScope {
  readonly kind: "canary" | "blue_green";
  /** The first one is what is returned to when the rollout is aborted. */
  readonly arms: readonly Arm[];
}

/** A share of requests that a candidate answers beside the live answer. */
export interface ShadowRollout extends RolloutScope {
  /** Percent of requests. */
  readonly share: number;
  /** The first deployment of them that may serve is asked; null: of the ladder that routing chose. */
  readonly rungs: readonly RungSpec[] | null;
  readonly experiment: Experiment;
  readonly change: RequestChange | null;
  /** In one hour, by one process; null: none. */
  readonly maxCostPerHour: NanoDollars | null;
}
