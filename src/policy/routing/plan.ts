/**
 * The decision for one request: which rule, which ladder, which deployments in which order, and
 * which were refused. Pure, and on the hot path: a few microseconds, nothing compiled, nothing parsed.
 */

import type { Caller } from "../../core/caller.ts";
import type { Random } from "../../core/clock.ts";
import type { Capability } from "../../core/contract.ts";
import type { Deployment } from "../../core/deployment.ts";
import { plannedOutput } from "../../core/estimate-cost.ts";
import { type Fault, ok, type Result } from "../../core/faults.ts";
import type { FlagSource } from "../../core/flags.ts";
import type { HealthView } from "../../core/health.ts";
import type { Refusal, RequestChange, RoutePlan, Rung, ShadowCall } from "../../core/plan.ts";
import { type ModelRequest, requiredCapabilities } from "../../core/request.ts";
import type { RungSpec } from "../../core/route-rule.ts";
import type { RuleContext } from "../../core/rule-context.ts";
import type { ConfigSnapshot, UseCase } from "../../core/snapshot.ts";
import type { RequestSpend } from "../../core/spend.ts";
import type { Writable } from "../../core/writable.ts";
import {
  CallerFacts,
  type Estimates,
  RequestEstimates,
  RequestFacts,
  SignalFacts,
} from "../conditions/rule-facts.ts";
import { firstMatch } from "../conditions/rule-index.ts";
import { ladderOfArm } from "../rollouts/arm-ladder.ts";
import { enrol, type Subject, shadowsFor } from "../rollouts/enrol.ts";
import { digestOfUser } from "../rollouts/sticky-key.ts";
import { type Demand, objectionTo, stricter } from "./constraints.ts";
import { exercised } from "./exercise.ts";
import { overlong } from "./first-measure.ts";
import { refusedForGood } from "./for-good.ts";
import { noCandidate, tooLong } from "./no-candidate.ts";
import { orderCandidates, type SelectionInput } from "./selection.ts";

export { resolveUseCase } from "./resolve-use-case.ts";

export interface RouteInput {
  readonly snapshot: ConfigSnapshot;
  readonly useCase: UseCase;
  readonly request: ModelRequest;
  readonly caller: Caller;
  readonly health: HealthView;
  /** Epoch milliseconds. */
  readonly now: number;
  /** Of all of the request. */
  readonly estimatedInputTokens: number;
  /** Of several inputs to embed, those of the longest, which a window has to hold; absent: all of the request's. */
  readonly longestInputTokens?: number;
  readonly random: Random;
  /** Flags that another system decides; null or absent: the policy alone says. */
  readonly flags?: FlagSource | null;
  /**
   * The arm, `rollout/arm`, to be in; absent: as weights and conditions say. `applied`: the request has its prompt
   * and parameters already.
   */
  readonly arm?: { readonly label: string; readonly applied: boolean };
  /** Of the request's text; absent: made from it. */
  readonly estimates?: Estimates;
  /** What was spent by whom the request is; absent: nothing. */
  readonly spend?: RequestSpend;
  /** Of the end user's id; absent: made from the request's. */
  readonly userDigest?: string;
  /** Deployments whose credential was not there, beside those that the snapshot knows of. */
  readonly withoutCredential?: ReadonlySet<string>;
}

/** What routing tells the request's end user by; undefined where the caller states none. */
export function userDigestOf({ request, userDigest }: RouteInput): string | undefined {
  return userDigest ?? (request.user === undefined ? undefined : digestOfUser(request.user));
}

/** Name of the use case's own ladder, where no rule matched. */
export const DEFAULT_RULE = "default";

const NO_MODES: RoutePlan["degraded"] = [];

/**
 * Fault where no deployment may serve the request and nothing stands in for it either: as `refusalOf`. A plan without a
 * rung and without a degraded mode is one of a request that is shortened before it is served, or only counted.
 */
export function planRoute(input: RouteInput): Result<RoutePlan> {
  const plan = draftRoute(input);
  const refusal = refusalOf(plan, input);
  if (refusal) return { ok: false, fault: refusal };
  return ok(exercised(plan, input.useCase.exerciseShare, input.request, input.random));
}

/**
 * What the caller of `plan`, which `input` gave, hears at once: `unavailable` with code `no_candidate`, or `invalid` or
 * `context_overflow` where the request must change; `cause.detail` has the reasons. Null: something may answer.
 */
export function refusalOf(plan: RoutePlan, input: RouteInput): Fault | null {
  const { request, snapshot } = input;
  const long = overlong(plan, input);
  if (long?.first === "fail") return tooLong(plan, long.lost, request);
  if (plan.rungs.length > 0 || plan.degraded.length > 0) return null;
  // A count needs no model: the gateway's own estimate is one.
  if (request.operation === "count_tokens" || long?.first === "shorten") return null;
  return noCandidate(plan, { request, snapshot, capabilities: requiredCapabilities(request) });
}

/** The plan as it is, also where it has no rung and no degraded mode. */
export function draftRoute(input: RouteInput): RoutePlan {
  const { snapshot, useCase, request } = input;
  const { contract } = request;
  const demand = demandOf(input);
  const latencyTier = contract.latencyTier ?? useCase.latencyTier;
  const subject = new RouteSubject(input, demand);
  const rule = useCase.rules.length === 0 ? null : firstMatch(useCase.rules, subject);
  const base = rule === null ? useCase.ladder : rule.ladder;
  const enrolled = useCase.rollouts.length === 0 ? null : enrol(useCase, subject);
  const ladder = enrolled === null ? base : ladderOfArm(enrolled.arm, base);
  const change = enrolled === null || input.arm?.applied ? null : enrolled.arm.change;
  const changed = change === null ? demand : changedDemand(demand, change, useCase);
  const refusals: Refusal[] = [];
  const rungs = admit(ladder, changed, input, refusals);
  // Cold: most plans have a rung.
  const isForGood = rungs.length === 0 && refusedForGood(refusals, changed, { useCase, rule, ladder });
  const plan: Writable<RoutePlan> = {
    useCase: useCase.id,
    rule: rule === null ? DEFAULT_RULE : rule.name,
    policyVersion: snapshot.version,
    rungs,
    refusals,
    // Words stand in for an answer that a model could have given; not for vectors.
    degraded: isForGood || request.operation === "embed" ? NO_MODES : useCase.degraded,
    taskType: contract.taskType ?? useCase.taskType,
    latencyTier,
    safetyLevel: demand.safetyLevel,
    deadlineMs: useCase.deadlineMs,
    costCeiling: useCase.costCeiling,
    maxAttempts: useCase.maxAttempts,
    streamRecovery: useCase.streamRecovery,
    hedge: latencyTier === "interactive" ? useCase.hedge : null,
    exercise: false,
    timeouts: useCase.timeouts[latencyTier],
    estimatedInputTokens: changed.inputTokens,
    estimatedOutputTokens: changed.outputTokens,
    choices: changed.choices,
    maxOutputTokens: useCase.maxOutputTokens,
  };
  if (isForGood) plan.refusedForGood = true;
  if (changed.openEnded) plan.openEnded = true;
  if (enrolled === null && useCase.shadows.length === 0) return plan;
  const { experiment, label } = enrolled?.arm ?? {};
  const shadows = shadowCalls(base, demand, subject, input);
  return {
    ...plan,
    ...(experiment && label && { arm: { experiment, label, change } }),
    ...(shadows.length > 0 && { shadows }),
  };
}

/** Who the request is of. A class, since its facts are gathered when the first condition wants them, and once. */
class RouteSubject implements Subject {
  readonly caller: Caller;
  readonly user: string | undefined;
  readonly random: Random;
  readonly wanted: string | undefined;
  readonly #input: RouteInput;
  readonly #demand: Demand;
  #context: RuleContext | null = null;

  constructor(input: RouteInput, demand: Demand) {
    this.caller = input.caller;
    this.user = userDigestOf(input);
    this.random = input.random;
    this.wanted = input.arm?.label;
    this.#input = input;
    this.#demand = demand;
  }

  get context(): RuleContext {
    this.#context ??= factsOf(this.#input, this.#demand);
    return this.#context;
  }
}

/** What an arm's prompt and limits add to what a request needs. */
function changedDemand(demand: Demand, { prompt, sampling }: RequestChange, useCase: UseCase): Demand {
  const limit = sampling?.maxTokens;
  const added = prompt?.tokens ?? 0;
  return {
    ...demand,
    inputTokens: demand.inputTokens + added,
    longestInputTokens: demand.longestInputTokens + added,
    outputTokens:
      limit === undefined || demand.outputTokens === 0
        ? demand.outputTokens
        : plannedOutput(limit, useCase.maxOutputTokens),
    openEnded: demand.openEnded && limit === undefined,
  };
}

/** The first deployment of each shadow that may serve the request; constraints hold for a copy, too. */
function shadowCalls(
  base: readonly RungSpec[],
  demand: Demand,
  subject: Subject,
  input: RouteInput,
): readonly ShadowCall[] {
  const calls: ShadowCall[] = [];
  if (input.request.operation === "count_tokens") return calls;
  for (const { rungs, experiment, change, maxCostPerHour } of shadowsFor(input.useCase, subject)) {
    const needed = change === null ? demand : changedDemand(demand, change, input.useCase);
    const deployment = admit(rungs ?? base, needed, input, [])[0]?.candidates[0];
    if (deployment === undefined) continue;
    const { inputTokens: estimatedInputTokens, outputTokens: estimatedOutputTokens, choices } = needed;
    calls.push({
      experiment,
      deployment,
      change,
      estimatedInputTokens,
      estimatedOutputTokens,
      choices,
      maxOutputTokens: input.useCase.maxOutputTokens,
      maxCostPerHour,
    });
  }
  return calls;
}

/** The caller's contract over the use case's defaults; safety only rises and residency only narrows. */
export function demandOf(input: RouteInput): Demand {
  const { useCase, request, caller } = input;
  const { contract } = request;
  const words = request.operation === "chat";
  const { maxTokens } = request.sampling;
  const demand: Writable<Demand> = {
    tenant: caller.tenant,
    residency: useCase.residency,
    callerResidency: contract.residency ?? null,
    safetyLevel: stricter(useCase.safetyLevel, contract.safetyLevel),
    capabilities: requiredCapabilities(request),
    words,
    inputTokens: input.estimatedInputTokens,
    longestInputTokens: input.longestInputTokens ?? input.estimatedInputTokens,
    outputTokens: words ? plannedOutput(maxTokens, useCase.maxOutputTokens, request.reasoning) : 0,
    openEnded: words && maxTokens === undefined && useCase.maxOutputTokens === null,
    choices: request.sampling.choices ?? 1,
    statedWindow: contract.contextWindow ?? null,
    costCeiling: useCase.costCeiling,
  };
  if (input.withoutCredential) demand.withoutCredential = input.withoutCredential;
  return demand;
}

/** What conditions see; also what explain shows of it. */
export function factsOf(input: RouteInput, { safetyLevel, capabilities }: Demand): RuleContext {
  const { useCase, request, caller } = input;
  const facts = new RequestFacts();
  facts.use_case = useCase.id;
  facts.task_type = request.contract.taskType ?? useCase.taskType;
  facts.latency_tier = request.contract.latencyTier ?? useCase.latencyTier;
  facts.safety_level = safetyLevel;
  facts.stream = request.stream;
  facts.has_tools = request.tools.length > 0;
  facts.has_images = needs(capabilities, "vision");
  facts.response_format = request.responseFormat.type;
  facts.messages = request.messages.length;
  facts.max_tokens = request.sampling.maxTokens ?? 0;
  const context: RuleContext = {
    request: facts,
    caller: new CallerFacts(caller),
    signals: new SignalFacts(
      input.estimatedInputTokens,
      input.now,
      input.health,
      input.estimates ?? new RequestEstimates(request),
      input.spend,
    ),
  };
  const { flags } = input.snapshot;
  if (flags === null) return context;
  const { random, flags: remote = null } = input;
  const subject = { context, caller, user: request.user, userDigest: userDigestOf(input), random, remote };
  return { ...context, flags: flags.facts(subject) };
}

function needs(capabilities: readonly Capability[], capability: Capability): boolean {
  return capabilities.length > 0 && capabilities.includes(capability);
}

/** The ladder's rungs with the deployments that may serve, ordered; a rung without any is left out. */
function admit(
  ladder: readonly RungSpec[],
  demand: Demand,
  input: RouteInput,
  refusals: Refusal[],
): readonly Rung[] {
  const rungs: Rung[] = [];
  for (const { kind, model, alias, selection, deployments } of ladder) {
    // Null: all so far, and no list of their own.
    let some: Deployment[] | null = null;
    for (let i = 0; i < deployments.length; i++) {
      const deployment = deployments[i] as Deployment;
      const objection = objectionTo(deployment, demand);
      if (objection === null) {
        some?.push(deployment);
        continue;
      }
      some ??= deployments.slice(0, i);
      refusals.push({ deployment: deployment.id, rung: kind, ...objection });
    }
    const admitted = some ?? deployments;
    if (admitted.length === 0) continue;
    const candidates =
      admitted.length === 1 ? admitted : orderCandidates(admitted, selection, selectionFor(input, demand));
    rungs.push(
      alias === undefined
        ? { kind, model, selection, candidates }
        : { kind, model, alias, selection, candidates },
    );
  }
  return rungs;
}

function selectionFor(input: RouteInput, { inputTokens, outputTokens, choices }: Demand): SelectionInput {
  const { health, random, caller } = input;
  return { health, random, caller, user: userDigestOf(input), inputTokens, outputTokens, choices };
}
