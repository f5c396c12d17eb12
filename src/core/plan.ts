/** What routing decided for one request, before anything is called. The ladder climbs it as it stands. */

import type { LatencyTier, SafetyLevel, TaskType } from "./contract.ts";
import type { AttemptTimeouts, Deployment } from "./deployment.ts";
import type { NanoDollars } from "./money.ts";
import type { ReasoningControl, Sampling } from "./request.ts";
import type { Secret } from "./secret.ts";

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
  /** By which the policy names it; absent: by its own name. */
  readonly alias?: string;
  readonly selection: Selection;
  /** In order of preference, best first; never empty. */
  readonly candidates: readonly Deployment[];
}

/** One prepared answer of the `rules` mode, and the texts it is for. */
export interface AnswerRule {
  /** Pattern or words as written, for explain. */
  readonly source: string;
  /** Takes time in proportion to the text, whatever it says. */
  matches(text: string): boolean;
  readonly answer: string;
  readonly status: number;
}

/** Where the answer to a ticket is sent. */
export interface TicketWebhook {
  readonly url: string;
  /** Signs what is sent; null where the environment or the file does not have it: then nothing is sent. */
  readonly secret: Secret | null;
}

/**
 * What answers when no model does. Messages are templates over `{{use_case}}`, `{{request_id}}` …; a mode
 * that has nothing to say passes on to the next.
 */
export type DegradedMode =
  /** An answer that was given to the same request before; `maxAgeMs` is never beyond what the cache keeps. */
  | { readonly mode: "cached"; readonly maxAgeMs: number; readonly status: number }
  /** What a model had said before its answer broke off; `minChars`: less than that is not told. */
  | { readonly mode: "partial"; readonly minChars: number; readonly status: number }
  | { readonly mode: "template"; readonly message: string; readonly status: number }
  /** The first rule that the user's last text fits. */
  | { readonly mode: "rules"; readonly rules: readonly AnswerRule[] }
  /** Passages of the texts in a folder, quoted. */
  | {
      readonly mode: "retrieval";
      readonly folder: string;
      readonly top: number;
      readonly message: string;
      readonly status: number;
    }
  /** A smaller model with a restricted instruction, asked once. */
  | {
      readonly mode: "summarize_only";
      readonly model: string;
      readonly alias?: string;
      readonly deployments: readonly Deployment[];
      readonly maxOutputTokens: number;
      readonly message: string;
      readonly status: number;
    }
  /** A ticket for a person; its id is told. */
  | {
      readonly mode: "human";
      readonly queue: string;
      readonly message: string;
      /** Whether the user's last text is kept with the ticket. */
      readonly storePrompt: boolean;
      /** Tickets of the queue that may wait at once; beyond that the mode passes on. */
      readonly maxOpen: number;
      readonly webhook: TicketWebhook | null;
      readonly status: number;
    }
  | {
      readonly mode: "busy";
      readonly message: string;
      readonly status: number;
      readonly retryAfterSeconds: number;
    };

/** Whether the mode has an answer to every request, so that nothing after it is ever reached. */
export function alwaysAnswers({ mode }: DegradedMode): boolean {
  return mode === "template" || mode === "busy";
}

/** What is done about a request that is too long for its model, in the policy's order. */
export type OverflowMeasure =
  /** Leave the oldest turns out. */
  | { readonly type: "truncate_oldest" }
  /** Put a summary in the place of the oldest turns. */
  | {
      readonly type: "summarize";
      readonly model: string;
      readonly alias?: string;
      readonly deployments: readonly Deployment[];
    }
  /** Go on with models of the ladder whose window is larger. */
  | { readonly type: "larger_model" }
  | { readonly type: "fail" };

/** What was done about it. */
export type OverflowLabel = "truncated" | "summarized" | "larger_model";

export type DegradedLabel = DegradedMode["mode"];

/**
 * What happens when a stream breaks after the caller has seen a part of it. `fail`: an error in the caller's
 * dialect. `continue`: the next deployment goes on from what was told. `buffer`: nothing is told before the
 * answer is complete, so that every failure can still fall back.
 */
export const STREAM_RECOVERIES = ["fail", "continue", "buffer"] as const;
export type StreamRecovery = (typeof STREAM_RECOVERIES)[number];

/** When a second deployment of the same model is called because the first is slow to begin. */
export interface HedgeSettings {
  /** Milliseconds without first content; `p95`: what 19 of 20 calls of that deployment needed lately. */
  readonly after: number | "p95";
  /** Share of the use case's requests that may be hedged. */
  readonly maxShare: number;
}

/** What an arm of a rollout changes of a request beside its model. */
export interface RequestChange {
  /** A versioned system prompt; `instead`: in place of the caller's own. */
  readonly prompt: {
    readonly id: string;
    readonly version: string;
    readonly text: string;
    readonly place: "before" | "instead";
    /** Estimated tokens of `text`. */
    readonly tokens: number;
  } | null;
  /** In place of what the caller asked for; null: nothing of it. */
  readonly sampling: Sampling | null;
  readonly reasoning: ReasoningControl | null;
}

/** Which arm of which rollout a request is in, as records have it. `prompt`: `id@version`, where it has one. */
export interface Experiment {
  readonly rollout: string;
  readonly arm: string;
  readonly prompt?: string;
}

/** The arm that a request is in. */
export interface ArmChoice {
  readonly experiment: Experiment;
  /** `rollout/arm`. */
  readonly label: string;
  readonly change: RequestChange | null;
}

/** A copy of the request for another model, beside the answer and unseen by the caller. */
export interface ShadowCall {
  readonly experiment: Experiment;
  readonly deployment: Deployment;
  readonly change: RequestChange | null;
  readonly estimatedInputTokens: number;
  readonly estimatedOutputTokens: number;
  readonly choices: number;
  /** As the plan's own. */
  readonly maxOutputTokens: number | null;
  /** For all copies of this rollout in one hour, by one process; null: none. */
  readonly maxCostPerHour: NanoDollars | null;
}

export interface RoutePlan {
  readonly useCase: string;
  /** The rule that matched, or `default` for the use case's own ladder. */
  readonly rule: string;
  readonly policyVersion: string;
  readonly rungs: readonly Rung[];
  readonly refusals: readonly Refusal[];
  readonly degraded: readonly DegradedMode[];
  /** Nobody is left, by what the request itself is, and no waiting would help. Absent: somebody may serve it yet. */
  readonly refusedForGood?: true;
  readonly taskType: TaskType;
  readonly latencyTier: LatencyTier;
  readonly safetyLevel: SafetyLevel;
  /** Milliseconds for the whole ladder. */
  readonly deadlineMs: number;
  /** For the whole ladder; null: none. */
  readonly costCeiling: NanoDollars | null;
  readonly maxAttempts: number;
  readonly streamRecovery: StreamRecovery;
  /** Null: no call is hedged. */
  readonly hedge: HedgeSettings | null;
  /**
   * The first rung is one deployment of a later one, called before its turn so that it is known to work; the
   * policy's own rungs follow, that one among them.
   */
  readonly exercise: boolean;
  readonly timeouts: AttemptTimeouts;
  /** Estimated tokens of the request's input, and the output that each of its choices may produce. */
  readonly estimatedInputTokens: number;
  readonly estimatedOutputTokens: number;
  /** Neither the caller nor the policy states a limit of the answer: that output is an assumption. Absent: one does. */
  readonly openEnded?: true;
  /** Answers asked for at once. */
  readonly choices: number;
  /** Most tokens that an answer may have, whatever was asked for; null: what its model can produce. */
  readonly maxOutputTokens: number | null;
  /** Absent where no rollout takes the request in. */
  readonly arm?: ArmChoice;
  /** Absent where no shadow takes the request in. */
  readonly shadows?: readonly ShadowCall[];
}
