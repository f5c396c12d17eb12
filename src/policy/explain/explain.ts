/** What would happen to a request, and why. Reads the plan that routing makes; decides nothing itself. */
import type { Capability, LatencyTier, SafetyLevel, TaskType } from "../../core/contract.ts";
import type { AttemptTimeouts, Deployment } from "../../core/deployment.ts";
import { costWithin, limitWithin } from "../../core/estimate-cost.ts";
import { formatUsd } from "../../core/money.ts";
import type { Refusal, RoutePlan, RungKind, Selection } from "../../core/plan.ts";
import { NOTHING_SPENT, type SpendSum } from "../../core/spend.ts";
import { SPEND_SIGNALS } from "../conditions/rule-facts.ts";
import { type Foreseen, foreseeByEstimate } from "../overflow/foresee.ts";
import { DEFAULT_RULE, demandOf, factsOf, type RouteInput } from "../routing/plan.ts";
import { type ExplainedDegraded, explainDegraded } from "./explain-degraded.ts";
import { type ExplainedOverflow, explainOverflow } from "./explain-overflow.ts";
import {
  type ExplainedFlag,
  type ExplainedRollout,
  type ExplainedShadow,
  explainFlags,
  explainRollout,
  explainShadows,
} from "./explain-rollout.ts";

type RuleVerdict = "matched" | "not_matched" | "skipped";

interface ExplainedRule {
  readonly name: string;
  /** As written; null: none, so it always matches. */
  readonly condition: string | null;
  /** `skipped`: an earlier rule had matched. */
  readonly verdict: RuleVerdict;
}

export interface ExplainedCandidate {
  readonly deployment: string;
  readonly model: string;
  readonly modelVersion: string;
  readonly provider: string;
  readonly region: string;
  readonly healthy: boolean;
  /** For the estimated tokens, or with the limit below, were it called first; null: the model has no price. */
  readonly estimatedCostUsd: string | null;
  /** The limit of its answer by which the ceiling holds; null: somebody states one, or there is no ceiling. */
  readonly limitWithinCeiling: number | null;
}

export interface ExplainedFault {
  readonly code: string;
  readonly message: string;
}

interface ExplainedRung {
  readonly rung: RungKind;
  readonly model: string;
  /** By which the policy names it; null: by its own name. */
  readonly alias: string | null;
  readonly selection: Selection;
  /** Of the candidate that is tried first. */
  readonly estimatedCostUsd: string | null;
  readonly candidates: readonly ExplainedCandidate[];
}

/** Plain JSON: every field survives `JSON.stringify`. */
export interface Explanation {
  readonly useCase: string;
  readonly policyVersion: string;
  /** What was asked for, after the use case's defaults. */
  readonly contract: {
    readonly taskType: TaskType;
    readonly latencyTier: LatencyTier;
    readonly safetyLevel: SafetyLevel;
    readonly residency: readonly string[] | null;
    readonly callerResidency: readonly string[] | null;
    readonly capabilities: readonly Capability[];
  };
  /** What was estimated from the request's text; null where no rule of the use case reads it. */
  readonly signals: {
    readonly complexity: number | null;
    readonly language: string | null;
    /** US dollars, those sums that a rule or a flag reads; null where none does. */
    readonly spentUsd: Readonly<Partial<Record<SpendSum, string>>> | null;
  };
  readonly rules: readonly ExplainedRule[];
  /** The rule that matched, or `default`. */
  readonly rule: string;
  /** The arm that the request is in; null: no rollout takes it in. */
  readonly rollout: ExplainedRollout | null;
  /** Those that would get a copy. */
  readonly shadows: readonly ExplainedShadow[];
  readonly flags: readonly ExplainedFlag[];
  readonly ladder: readonly ExplainedRung[];
  readonly refusals: readonly Refusal[];
  /**
   * What is done about a request that is too long where its ladder begins: rules, ladder and refusals are of what is
   * left of it. Null: it is not too long there.
   */
  readonly overflow: ExplainedOverflow | null;
  readonly degraded: readonly ExplainedDegraded[];
  readonly deadlineMs: number;
  readonly costCeilingUsd: string | null;
  readonly maxAttempts: number;
  readonly timeouts: AttemptTimeouts;
  readonly estimatedInputTokens: number;
  readonly estimatedOutputTokens: number;
  /** Neither the caller nor the policy states a limit of the answer: that output is an assumption. */
  readonly openEnded: boolean;
  /** What the caller would get at once, because nothing can answer; null: the ladder is climbed. */
  readonly fault: ExplainedFault | null;
}

/**
 * Draws from `asked.random` exactly as routing does: the same draws give the same ladder. `foreseen`: of `asked`, where
 * its length was measured with care.
 */
export function explainRoute(asked: RouteInput, foreseen: Foreseen = foreseeByEstimate(asked)): Explanation {
  const { route: input, plan, fault, overflow } = foreseen;
  const demand = demandOf(input);
  return {
    useCase: plan.useCase,
    policyVersion: plan.policyVersion,
    contract: {
      taskType: plan.taskType,
      latencyTier: plan.latencyTier,
      safetyLevel: plan.safetyLevel,
      residency: demand.residency,
      callerResidency: demand.callerResidency,
      capabilities: demand.capabilities,
    },
    signals: explainSignals(input),
    rules: explainRules(input, plan.rule),
    rule: plan.rule,
    rollout: explainRollout(plan, asked),
    shadows: explainShadows(plan),
    flags: explainFlags(input, demand),
    ladder: plan.rungs.map(({ kind, model, alias = null, selection, candidates }) => ({
      rung: kind,
      model,
      alias,
      selection,
      estimatedCostUsd: candidates[0] === undefined ? null : costUsd(candidates[0], plan),
      candidates: candidates.map((deployment) => explainCandidate(deployment, plan, input)),
    })),
    refusals: plan.refusals,
    overflow: overflow && explainOverflow(overflow),
    degraded: plan.degraded.map(explainDegraded),
    deadlineMs: plan.deadlineMs,
    costCeilingUsd: plan.costCeiling === null ? null : formatUsd(plan.costCeiling),
    maxAttempts: plan.maxAttempts,
    timeouts: plan.timeouts,
    estimatedInputTokens: plan.estimatedInputTokens,
    estimatedOutputTokens: plan.estimatedOutputTokens,
    openEnded: plan.openEnded === true,
    fault: fault && { code: fault.code, message: fault.message },
  };
}

/** What rules saw of the request's text and of what was spent: the same that routing saw. */
export function explainSignals(input: RouteInput): Explanation["signals"] {
  const { rules, rollouts, shadows } = input.useCase;
  const { flags } = input.snapshot;
  const readers = [...rules, ...rollouts, ...shadows, ...(flags === null ? [] : [flags])];
  const reads = (signal: string) => readers.some((one) => one.reads.has(signal));
  const { signals } = factsOf(input, demandOf(input));
  const sums = [...SPEND_SIGNALS].filter(([signal]) => reads(signal)).map(([, sum]) => sum);
  const { spend = NOTHING_SPENT } = input;
  return {
    complexity: reads("complexity") ? signals.complexity : null,
    language: reads("language") ? signals.language : null,
    spentUsd:
      sums.length === 0 ? null : Object.fromEntries(sums.map((sum) => [sum, formatUsd(spend.spent(sum))])),
  };
}

/** Verdicts follow from the plan: what stands before the winner did not match, what stands after was not asked. */
function explainRules({ useCase }: RouteInput, winner: string): readonly ExplainedRule[] {
  let decided = false;
  const explain = (name: string, condition: string | null): ExplainedRule => {
    const verdict = decided ? "skipped" : name === winner ? "matched" : "not_matched";
    decided ||= verdict === "matched";
    return { name, condition, verdict };
  };
  return [...useCase.rules.map(({ name, source }) => explain(name, source)), explain(DEFAULT_RULE, null)];
}

function explainCandidate(deployment: Deployment, plan: RoutePlan, input: RouteInput): ExplainedCandidate {
  return {
    deployment: deployment.id,
    model: deployment.model.id,
    modelVersion: deployment.model.version,
    provider: deployment.provider,
    region: deployment.region,
    healthy: input.health.healthy(deployment.id),
    estimatedCostUsd: costUsd(deployment, plan),
    limitWithinCeiling: limitWithin(plan, deployment.model, plan.costCeiling),
  };
}

function costUsd({ model }: Deployment, plan: RoutePlan): string | null {
  const cost = costWithin(plan, model, plan.costCeiling);
  return cost === null ? null : formatUsd(cost);
}
