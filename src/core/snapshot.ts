/**
 * The compiled policy that serves traffic: immutable, swapped whole. The control plane makes one, the
 * gateway reads it; they meet nowhere else.
 */
import type { Caller, Role } from "./caller.ts";
import type { Random } from "./clock.ts";
import type { LatencyTier, SafetyLevel, TaskType } from "./contract.ts";
import type { Deployment, ModelSpec, TimeoutsByTier } from "./deployment.ts";
import type { JobLimits, JobSettings, WebhookSettings } from "./job-settings.ts";
import type { NanoDollars } from "./money.ts";
import type {
  DegradedMode,
  Experiment,
  HedgeSettings,
  OverflowMeasure,
  RequestChange,
  RungKind,
  Selection,
  StreamRecovery,
} from "./plan.ts";
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
    /** The two above for one deployment, without a record around them. */
    isHealthy(deployment: string): boolean;
    firstTokenOf(deployment: string): number;
    /** US dollars in the UTC day and the UTC month, of the caller and of its tenant's use case. */
    readonly spend_tenant_today: number;
    readonly spend_tenant_month: number;
    readonly spend_key_today: number;
    readonly spend_key_month: number;
    readonly spend_use_case_today: number;
    readonly spend_use_case_month: number;
  };
  /** By name, evaluated when it is read; absent where the policy has none. */
  readonly flags?: Readonly<Record<string, FlagValue>>;
}

/** Returns false, never throws, when a condition cannot be evaluated for this context. */
export type Condition = (context: RuleContext) => boolean;

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

export type FlagValue = boolean | string | number;

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

/** Which answers are kept to be given again to the same request. Milliseconds. */
export interface AnswerCacheSettings {
  /** How long an answer is given again in place of asking. */
  readonly ttlMs: number;
  /** How much longer it is kept for when no model answers. */
  readonly staleForMs: number;
  /** Whose requests are the same: everybody's of a tenant, or one user's. */
  readonly scope: "tenant" | "user";
}

/** What the policy says of a key, without what proves it. */
export interface NamedKey {
  readonly id: string;
  readonly tenant: string;
  readonly tier: string;
  readonly role: Role;
  readonly useCases: readonly string[] | null;
}

export interface KeySpec extends NamedKey {
  /** Lower-case hexadecimal SHA-256 of the key. */
  readonly sha256: string;
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
  /** Share of requests, and a floor a second, that may be spent on second and later attempts. */
  readonly budgetRatio: number;
  readonly budgetPerSecond: number;
  /** Full-jitter backoff: uniform in [0, min(maxMs, baseMs × 2^n)]. */
  readonly backoffBaseMs: number;
  readonly backoffMaxMs: number;
  /** A Retry-After longer than this is not waited for: the ladder moves on. */
  readonly maxRetryAfterMs: number;
}

/** When a version gives its traffic back by itself. */
export interface ActivationGuard {
  /** How long it is watched after it is in force; 0: it is not, neither then nor while it takes over by steps. */
  readonly watchMs: number;
  /** Share of requests, from 0 to 1, by which its errors may be more. */
  readonly maxIncrease: number;
  /** Of each version, before anything is concluded. */
  readonly minRequests: number;
}

/** Calls that the gateway makes of its own accord, to know how a deployment is. */
export interface ProbeSettings {
  readonly everyMs: number;
  readonly timeoutMs: number;
  /** `open`: while its circuit is not closed; `always`: also after `everyMs` without traffic. */
  readonly when: "open" | "always";
  readonly prompt: string;
}

export const ESTIMATE_RECORDINGS = ["when_read", "always"] as const;
export type EstimateRecording = (typeof ESTIMATE_RECORDINGS)[number];

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
