/** Explain for a request as a caller would send it: the same parsing, the same engine, no model called. */
import type { Caller } from "../../core/caller.ts";
import type { Clock } from "../../core/clock.ts";
import type { Deployment } from "../../core/deployment.ts";
import { costAtMost, estimateCost } from "../../core/estimate-cost.ts";
import { type Fault, failed, ok, type Result } from "../../core/faults.ts";
import type { FlagSource } from "../../core/flags.ts";
import type { HealthView } from "../../core/health.ts";
import { formatUsd } from "../../core/money.ts";
import type { RoutePlan } from "../../core/plan.ts";
import type { ModelRequest } from "../../core/request.ts";
import type { ConfigSnapshot, SplitSnapshots, UseCase } from "../../core/snapshot.ts";
import type { SpendView } from "../../core/spend.ts";
import { callerNamed, keyNamed, type NamedCaller, nobody } from "../../policy/caller-named.ts";
import { measureRequest } from "../../policy/estimates/measure-request.ts";
import {
  type ExplainedCandidate,
  type ExplainedFault,
  type Explanation,
  explainRoute,
} from "../../policy/explain/explain.ts";
import { type Foreseen, foresee, foreseeRefused } from "../../policy/overflow/foresee.ts";
import { carriedOut, measuredSize } from "../../policy/overflow/means.ts";
import { inShare } from "../../policy/rollouts/choose.ts";
import { findArm } from "../../policy/rollouts/enrol.ts";
import { stickyKey } from "../../policy/rollouts/sticky-key.ts";
import { type RouteInput, resolveUseCase } from "../../policy/routing/plan.ts";
import { suggestion } from "../../policy/suggest.ts";
import { cappedFault } from "../../providers/cap-output.ts";
import { changedRequest } from "../../providers/change-request.ts";
import { honouredBy } from "../../providers/honour.ts";
import type { Warning } from "../../wires/wire.ts";
import type { OverrideStatus } from "../policy/in-force/in-force.ts";
import { readQuestion } from "./read-question.ts";

export interface ExplainQuestion {
  /** Chat Completions or Embeddings, or a `prompt` in place of what either has. */
  readonly body: unknown;
  /** Who would ask: what it leaves unsaid is what the policy says of the key. */
  readonly caller?: NamedCaller | undefined;
  /** `rollout/arm` to be in, whatever its weight and condition say; absent: as they say. */
  readonly arm?: string | undefined;
}

export interface ExplainPorts {
  readonly snapshot: ConfigSnapshot;
  /** Two versions, while one takes over by steps; null or absent: `snapshot` is everybody's. */
  readonly split?: SplitSnapshots | null;
  readonly health: HealthView;
  readonly clock: Clock;
  /** Flags that another system decides; absent: the policy alone says. */
  readonly flags?: FlagSource | null;
  /** What was spent; absent: nothing. */
  readonly spend?: SpendView;
  /** What operators have laid over rollouts; absent: nothing. */
  readonly overrides?: readonly OverrideStatus[];
}

const NOBODY = nobody("explain");

type Rung = Explanation["ladder"][number];

export interface CandidateHere extends ExplainedCandidate {
  /** What it would not honour of the request. */
  readonly warnings: readonly Warning[];
  /** With what it would be passed by without a call: under `strict`, what it would not honour. */
  readonly refusal: ExplainedFault | null;
  /** The limit on its answer in the body that it would be sent, were it called first; null: none, its cost is a guess. */
  readonly maxOutputTokens: number | null;
}

/** With what an operator has laid over the rollout that took the request in, and what each candidate would honour. */
export interface ExplanationHere extends Explanation {
  readonly strict: boolean;
  readonly ladder: readonly (Rung & { readonly candidates: readonly CandidateHere[] })[];
  readonly override: OverrideStatus | null;
}

/** Faults: those that the request itself would meet before a model was called. */
export async function explainRequest(
  question: ExplainQuestion,
  ports: ExplainPorts,
): Promise<Result<ExplanationHere>> {
  const parsed = await readQuestion(question.body, ports.split?.older ?? ports.snapshot);
  if (!parsed.ok) return parsed;
  const request = parsed.value;
  const { snapshot, caller } = versionFor(question.caller ?? {}, request, ports);
  const useCase = resolveUseCase(snapshot, request.target, caller);
  if (!useCase.ok) return useCase;
  const { arm } = question;
  if (arm !== undefined && findArm(useCase.value.rollouts, arm) === null) {
    return unknownArm(arm, useCase.value);
  }
  const { spend } = ports;
  const now = ports.clock.now();
  const spender = { tenant: caller.tenant, keyId: caller.keyId, useCase: useCase.value.id };
  const { tokens, longest } = await measureRequest(request, useCase.value);
  const input: RouteInput = {
    snapshot,
    useCase: useCase.value,
    request,
    caller,
    health: ports.health,
    now,
    estimatedInputTokens: tokens,
    longestInputTokens: longest,
    // The middle of every weighted choice: explain shows one ladder, the same each time.
    random: () => 0.5,
    flags: ports.flags ?? null,
    ...(spend && { spend: { spent: (sum) => spend.spent(sum, spender, now) } }),
    ...(arm !== undefined && { arm: { label: arm, applied: false } }),
  };
  const foreseen = await foreseenAsTraffic(input);
  const explained = explainRoute(input, foreseen);
  const name = explained.rollout?.rollout;
  const asked = asItsArmWants(foreseen.route, explained);
  const { plan } = foreseen;
  const ladder = await Promise.all(explained.ladder.map((rung) => withHonoured(rung, asked, snapshot, plan)));
  // As traffic does: a first rung where nobody can be asked ends the ladder.
  const fault = explained.fault ?? refusalOfAll(ladder[0]);
  const override = ports.overrides?.find(({ rollout }) => rollout === name) ?? null;
  return ok({ ...explained, strict: request.strict, ladder, fault, override });
}

/** The use case's own limit first, whatever the request's length. */
async function foreseenAsTraffic(input: RouteInput): Promise<Foreseen> {
  const tooMuch = cappedFault(input.request, input.useCase.maxOutputTokens);
  if (tooMuch) return foreseeRefused(input, tooMuch);
  return carriedOut(foresee(input, measuredSize, changedRequest));
}

/** What candidates are asked, which need not be what the caller asked. */
function asItsArmWants({ request, arm, useCase }: RouteInput, { rollout }: Explanation): ModelRequest {
  if (arm?.applied) return request;
  const entered = rollout && findArm(useCase.rollouts, `${rollout.rollout}/${rollout.arm}`);
  return changedRequest(request, entered?.arm.change ?? null);
}

async function withHonoured(
  rung: Rung,
  request: ModelRequest,
  { deployments }: ConfigSnapshot,
  plan: RoutePlan,
): Promise<ExplanationHere["ladder"][number]> {
  const candidates = await Promise.all(
    rung.candidates.map(async (candidate): Promise<CandidateHere> => {
      const deployment = deployments.get(candidate.deployment);
      if (!deployment) return { ...candidate, warnings: [], refusal: null, maxOutputTokens: null };
      const { warnings, refusal, limit } = await honouredBy(
        request,
        deployment,
        plan.maxOutputTokens,
        candidate.limitWithinCeiling,
      );
      const estimatedCostUsd = costUsd(plan, deployment, limit);
      const honoured = { warnings, refusal: refusal && told(refusal), maxOutputTokens: limit };
      return { ...candidate, estimatedCostUsd, ...honoured };
    }),
  );
  return { ...rung, estimatedCostUsd: candidates[0]?.estimatedCostUsd ?? null, candidates };
}

/** With as much output as it may have by its `limit`, or else with what is planned for. */
function costUsd(plan: RoutePlan, { model }: Deployment, limit: number | null): string | null {
  const cost =
    limit === null
      ? estimateCost(plan, model)
      : costAtMost(plan.estimatedInputTokens, limit, plan.choices, model);
  return cost === null ? null : formatUsd(cost);
}

/** What is told where all candidates refuse, the last of them; null: one of them can be asked. */
function refusalOfAll(
  rung: { readonly candidates: readonly CandidateHere[] } | undefined,
): ExplainedFault | null {
  const refusals = rung?.candidates.map(({ refusal }) => refusal) ?? [];
  return refusals.includes(null) ? null : (refusals.at(-1) ?? null);
}

function told({ code, message }: Fault): ExplainedFault {
  return { code, message };
}

/** The version that would serve it, and who the caller is in it. */
function versionFor(
  stated: NamedCaller,
  request: ModelRequest,
  { snapshot, split }: ExplainPorts,
): { readonly snapshot: ConfigSnapshot; readonly caller: Caller } {
  const caller = callerNamed(stated, split?.older ?? snapshot, NOBODY);
  if (!split) return { snapshot, caller };
  // As traffic does: a key that only the newer version knows is served by it.
  const isNew =
    inShare(split.seed, stickyKey("caller_and_user", caller, request.user), split.share, () => 1) ||
    (keyNamed(caller.keyId, split.older) === undefined && keyNamed(caller.keyId, split.newer) !== undefined);
  return isNew
    ? { snapshot: split.newer, caller: callerNamed(stated, split.newer, NOBODY) }
    : { snapshot: split.older, caller };
}

function unknownArm(arm: string, { id, rollouts }: UseCase): Result<never> {
  const labels = rollouts.flatMap(({ arms }) => arms.map(({ label }) => label));
  const hint = suggestion(arm, labels, "It has no rollouts.");
  return failed("invalid", "unknown_arm", `The use case "${id}" has no such arm. ${hint}`, { param: "arm" });
}
