/** What routing decided for one request, before anything is called. The ladder climbs it as it stands. */

import type { LatencyTier, SafetyLevel, TaskType } from "./contract.ts";
import type { AttemptTimeouts, Deployment } from "./deployment.ts";
import type { NanoDollars } from "./money.ts";

export type RungKind = "primary" | "cross-region" | "fallback";
export type RungLabel = RungKind | "degraded";

export type Selection = "weighted" | "lowest_latency" | "least_busy" | "lowest_cost" | "sticky";

/** Why a deployment may not serve a request, whatever a rule says. */
export type Constraint =
  | "residency"
  | "capability"
  | "context_window"
  | "safety_level"
  | "approval"
  | "tenant"
  | "credential"
  | "cost_ceiling";

export interface Refusal {
  readonly deployment: string;
  readonly rung: RungKind;
  readonly constraint: Constraint;
  /** One sentence: what the request needs and what the deployment has. */
  readonly reason: string;
}

export interface Rung {
  readonly kind: RungKind;
  readonly model: string;
  readonly selection: Selection;
  /** In order of preference, best first; never empty. */
  readonly candidates: readonly Deployment[];
}

/** What answers when no model does (E8). Messages are templates over `{{use_case}}`, `{{request_id}}` … */
export type DegradedMode =
  | { readonly mode: "template"; readonly message: string; readonly status: number }
  | {
      readonly mode: "busy";
      readonly message: string;
      readonly status: number;
      readonly retryAfterSeconds: number;
    };

export type DegradedLabel = DegradedMode["mode"];

/**
 * What happens when a stream breaks after the caller has seen a part of it (E9). `fail`: an error in the caller's
 * dialect. `continue`: the next deployment goes on from what was told. `buffer`: nothing is told before the
 * answer is complete, so that every failure can still fall back.
 */
export const STREAM_RECOVERIES = ["fail", "continue", "buffer"] as const;
export type StreamRecovery = (typeof STREAM_RECOVERIES)[number];

export interface RoutePlan {
  readonly useCase: string;
  /** The rule that matched, or `default` for the use case's own ladder. */
  readonly rule: string;
  readonly policyVersion: string;
  readonly rungs: readonly Rung[];
  readonly refusals: readonly Refusal[];
  readonly degraded: readonly DegradedMode[];
  readonly taskType: TaskType;
  readonly latencyTier: LatencyTier;
  readonly safetyLevel: SafetyLevel;
  /** Milliseconds for the whole ladder. */
  readonly deadlineMs: number;
  /** For the whole ladder; null: none. */
  readonly costCeiling: NanoDollars | null;
  readonly maxAttempts: number;
  readonly streamRecovery: StreamRecovery;
  readonly timeouts: AttemptTimeouts;
  /** Estimated tokens of the request's input, and the output it may produce. */
  readonly estimatedInputTokens: number;
  readonly estimatedOutputTokens: number;
}
