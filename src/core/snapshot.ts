/**
 * The compiled policy that serves traffic: immutable, swapped whole. The control plane makes one, the
 * gateway reads it; they meet nowhere else.
 */
import type { Role } from "./caller.ts";
import type { LatencyTier, SafetyLevel, TaskType } from "./contract.ts";
import type { Deployment, ModelSpec, TimeoutsByTier } from "./deployment.ts";
import type { NanoDollars } from "./money.ts";
import type { DegradedMode, RungKind, Selection, StreamRecovery } from "./plan.ts";
import type { Secret } from "./secret.ts";

/** What a condition can see. Names are those that a policy author writes. */
export interface RuleContext {
  readonly request: {
    readonly use_case: string;
    readonly task_type: string;
    readonly latency_tier: string;
    readonly safety_level: string;
    readonly stream: boolean;
    readonly has_tools: boolean;
    readonly has_images: boolean;
    readonly response_format: string;
    readonly messages: number;
    readonly max_tokens: number;
  };
  readonly caller: {
    readonly key: string;
    readonly tenant: string;
    readonly tier: string;
    readonly role: string;
  };
  readonly signals: {
    readonly input_tokens: number;
    /** Between 0 and 1; estimated from the request's text when it is read. */
    readonly complexity: number;
    /** ISO 639-1, or `und`; estimated from the request's text when it is read. */
    readonly language: string;
    /** UTC. */
    readonly hour: number;
    /** Of the hour. */
    readonly minute: number;
    /** 0 is Sunday. UTC. */
    readonly weekday: number;
    /** By deployment id: true while its circuit admits traffic. */
    readonly healthy: Readonly<Record<string, boolean>>;
    /** By deployment id: smoothed milliseconds to the first token; 0 before any was seen. */
    readonly first_token_ms: Readonly<Record<string, number>>;
  };
}

/** Returns false, never throws, when a condition cannot be evaluated for this context. */
export type Condition = (context: RuleContext) => boolean;

/** One rung as the policy states it, with its deployments found. */
export interface RungSpec {
  readonly kind: RungKind;
  readonly model: string;
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
  /** Signals it reads that are estimated from the request's text. */
  readonly reads: ReadonlySet<string>;
  /** Necessary for `when`, not sufficient. */
  readonly requires: readonly RuleRequirement[];
  readonly ladder: readonly RungSpec[];
}

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
  /** Rules that concern this use case, first match wins; then `ladder`. */
  readonly rules: readonly RouteRule[];
  readonly ladder: readonly RungSpec[];
  readonly degraded: readonly DegradedMode[];
}

export interface KeySpec {
  readonly id: string;
  /** Lower-case hexadecimal SHA-256 of the key. */
  readonly sha256: string;
  readonly tenant: string;
  readonly tier: string;
  readonly role: Role;
  readonly useCases: readonly string[] | null;
  /** For callers who sign requests as AWS SDKs do; null: this key is sent as it is. */
  readonly aws: { readonly accessKeyId: string; readonly secret: Secret } | null;
}

/** Limits of one tier; null: none. */
export interface TierLimits {
  readonly requestsPerMinute: number | null;
  readonly concurrentRequests: number | null;
}

export interface CircuitSettings {
  /** Failures in a row that open the circuit. */
  readonly consecutiveFailures: number;
  /** Share of failed calls in the window that opens it, and of slow ones; both need `minimumCalls`. */
  readonly failureRatio: number;
  readonly slowRatio: number;
  /** A call whose first token takes longer than this many milliseconds is slow. */
  readonly slowMs: number;
  readonly minimumCalls: number;
  readonly windowMs: number;
  /** How long it stays open before it probes; doubles with each failed probe up to `maxOpenMs`. */
  readonly openMs: number;
  readonly maxOpenMs: number;
  /** Exactly this many probes are let through, and all must succeed. */
  readonly probes: number;
}

export interface RetrySettings {
  /** Share of requests, and a floor a second, that may be spent on second and later attempts (E3). */
  readonly budgetRatio: number;
  readonly budgetPerSecond: number;
  /** Full-jitter backoff: uniform in [0, min(maxMs, baseMs × 2^n)]. */
  readonly backoffBaseMs: number;
  readonly backoffMaxMs: number;
  /** A Retry-After longer than this is not waited for: the ladder moves on. */
  readonly maxRetryAfterMs: number;
}

export interface ConfigSnapshot {
  /** `name@` + the first 12 hexadecimal digits of the digest of the merged document. */
  readonly version: string;
  readonly digest: string;
  readonly name: string;
  readonly environment: string | null;
  readonly models: ReadonlyMap<string, ModelSpec>;
  readonly deployments: ReadonlyMap<string, Deployment>;
  /** By id and by alias. */
  readonly useCases: ReadonlyMap<string, UseCase>;
  readonly keys: readonly KeySpec[];
  readonly limits: ReadonlyMap<string, TierLimits>;
  readonly circuit: CircuitSettings;
  readonly retry: RetrySettings;
}
