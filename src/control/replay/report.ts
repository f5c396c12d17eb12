/** What a replay found, as plain JSON. Owns the shape. */

/** A route in words: who would be called first by which rule, or why nobody. */
export interface RouteSummary {
  /**
   * `degraded`: no model is left and a degraded mode answers. `shortened`: it was too long, and what was left of it went on,
   * to whom is not said.
   */
  readonly result: "model" | "degraded" | "shortened" | "refused";
  /** Null where the use case is not there. */
  readonly rule: string | null;
  readonly arm: string | null;
  readonly rung: string | null;
  readonly model: string | null;
  readonly deployment: string | null;
  /** Of the refusal. */
  readonly code: string | null;
}

export interface CostComparison {
  /** Requests with a price on both sides; the sums are theirs. US dollars, exactly. */
  readonly compared: number;
  readonly beforeUsd: string;
  readonly afterUsd: string;
  readonly differenceUsd: string;
  /** Requests that are in no sum: their model has no price. Never taken for free. */
  readonly unpricedBefore: number;
  readonly unpricedAfter: number;
}

export interface ReplayGroup {
  readonly useCase: string;
  readonly before: RouteSummary;
  readonly after: RouteSummary;
  readonly count: number;
  /** Ids of decisions, the first few. */
  readonly examples: readonly string[];
  readonly cost: CostComparison;
}

export interface ReplayReport {
  /** Of the candidate. */
  readonly policyVersion: string;
  /** Lines or records that were read. */
  readonly records: number;
  readonly replayed: number;
  readonly unchanged: number;
  /**
   * Unchanged, but for which deployment of the same rung comes first: the policy leaves that to weights, latency
   * or load.
   */
  readonly redrawn: number;
  readonly changed: number;
  /** Of the changed ones: refused now, and not before; and the other way round. */
  readonly newlyRefused: number;
  readonly noLongerRefused: number;
  readonly notReplayable: Readonly<Record<string, number>>;
  /** Epoch milliseconds of the first and the last replayed request; null without any. */
  readonly from: number | null;
  readonly to: number | null;
  /** Policies that routed them then, most requests first. */
  readonly madeBy: readonly { readonly policyVersion: string; readonly count: number }[];
  /** Requests whose key the candidate does not have: taken as who they were then. */
  readonly unknownKeys: number;
  /** Most requests first. */
  readonly groups: readonly ReplayGroup[];
  /** Requests in groups beyond those that are listed. */
  readonly ungrouped: number;
  /** Of all answered requests that a model would still be called for. */
  readonly cost: CostComparison;
  /** Answered then, and no model would be called now. */
  readonly notCalled: { readonly count: number; readonly beforeUsd: string };
}
