/**
 * The compiled policy that serves traffic: immutable, swapped whole. The control plane makes one, the
 * gateway reads it; they meet nowhere else.
 */
import type { LatencyTier, SafetyLevel, TaskType } from "./contract.ts";
import type { Deployment, ModelSpec, TimeoutsByTier } from "./deployment.ts";
import type { FlagSet, FlagsProviderSpec } from "./flags.ts";
import type { JobLimits, JobSettings, WebhookSettings } from "./job-settings.ts";
import type { KeySpec, NamedKey } from "./keys.ts";
import type { NanoDollars } from "./money.ts";
import type { DegradedMode, HedgeSettings, OverflowMeasure, StreamRecovery } from "./plan.ts";
import type { Rollout, ShadowRollout } from "./rollouts.ts";
import type { RouteRule, RungSpec } from "./route-rule.ts";
import type {
  ActivationGuard,
  AnswerCacheSettings,
  CircuitSettings,
  EstimateRecording,
  ProbeSettings,
  RetrySettings,
  TierLimits,
} from "./settings.ts";

export interface UseCase {
  readonly id: string;
  readonly description: string;
  readonly taskType: TaskType;
  readonly latencyTier: LatencyTier;
  readonly safetyLevel: SafetyLevel;
  readonly residency: readonly string[] | null;
  readonly deadlineMs: number;
  readonly costCeiling: NanoDollars | null;
  readonly maxAttempts: number;
  readonly maxOutputTokens: number | null;
  readonly timeouts: TimeoutsByTier;
  readonly streamRecovery: StreamRecovery;
  /** How many more times a malformed answer is asked for with format instructions. */
  readonly formatRetries: number;
  /** Null: no call is hedged. */
  readonly hedge: HedgeSettings | null;
  /** Share of requests that start at a later rung, so that it is known to work; 0: none. */
  readonly exerciseShare: number;
  /** Rules that concern this use case, first match wins; then `ladder`. */
  readonly rules: readonly RouteRule[];
  /** Rollouts that concern this use case; the first that takes a request in decides its arm. */
  readonly rollouts: readonly Rollout[];
  /** Each of them that takes a request in gets its copy. */
  readonly shadows: readonly ShadowRollout[];
  readonly ladder: readonly RungSpec[];
  readonly degraded: readonly DegradedMode[];
  /** Null: no answer is kept. */
  readonly cache: AnswerCacheSettings | null;
  /** What is done about a request that is too long, in order; never empty. */
  readonly onOverflow: readonly OverflowMeasure[];
  readonly jobs: JobSettings;
}

/** A name of the policy for one of its models. */
export interface ModelAlias {
  readonly model: string;
  /** For people. */
  readonly note: string | null;
}

export interface ConfigSnapshot {
  /** `name@` + the first 12 hexadecimal digits of the digest of the merged document. */
  readonly version: string;
  readonly digest: string;
  readonly name: string;
  readonly environment: string | null;
  readonly models: ReadonlyMap<string, ModelSpec>;
  /** By name. */
  readonly modelAliases: ReadonlyMap<string, ModelAlias>;
  readonly deployments: ReadonlyMap<string, Deployment>;
  /** By id and by alias. */
  readonly useCases: ReadonlyMap<string, UseCase>;
  /** Null: the policy has none. */
  readonly flags: FlagSet | null;
  /** Null: the policy alone decides its flags. */
  readonly flagsProvider: FlagsProviderSpec | null;
  readonly keys: readonly KeySpec[];
  /** Those whose value is not set here: they admit nobody, and questions may still name them. Absent: none. */
  readonly absentKeys?: readonly NamedKey[];
  readonly limits: ReadonlyMap<string, TierLimits>;
  readonly circuit: CircuitSettings;
  readonly retry: RetrySettings;
  /** Null, or absent: only activations by steps are watched, with settings of the gateway's own. */
  readonly activation?: ActivationGuard | null;
  /** Which estimates of a request's text its record has: those that a rule read, or all. */
  readonly estimates: EstimateRecording;
  /** By deployment id; those that are not in it are never probed. */
  readonly probes: ReadonlyMap<string, ProbeSettings>;
  readonly jobs: JobLimits;
  /** Null: callers may name no webhooks. */
  readonly webhooks: WebhookSettings | null;
}

/** Two versions in force at once, while the newer takes over by steps: which of them a request reads is by hash. */
export interface SplitSnapshots {
  readonly older: ConfigSnapshot;
  readonly newer: ConfigSnapshot;
  /** Percent of callers who read the newer; more than 0. */
  readonly share: number;
  /** For hashing; the same on every gateway with the same plan. */
  readonly seed: number;
}
