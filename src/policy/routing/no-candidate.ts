/** Why nobody may serve a request, as its caller hears it. Owns the words; decides no route. */
import type { Capability } from "../../core/contract.ts";
import type { Deployment } from "../../core/deployment.ts";
import { type Fault, fault } from "../../core/faults.ts";
import { formatUsd, type NanoDollars } from "../../core/money.ts";
import type { Constraint, Refusal, RoutePlan } from "../../core/plan.ts";
import type { ModelRequest } from "../../core/request.ts";
import type { ConfigSnapshot } from "../../core/snapshot.ts";
import { makesVectorsAlone } from "./constraints.ts";

interface Refused {
  readonly request: ModelRequest;
  readonly snapshot: ConfigSnapshot;
  /** What the request needs. */
  readonly capabilities: readonly Capability[];
}

/**
 * Fault: `invalid` (`no_candidate`) or `context_overflow` (`context_length_exceeded`) where the request must change,
 * else `unavailable` (`no_candidate`). The message counts reasons; names of deployments and credentials stay with the
 * operators, in `cause.detail`.
 */
export function noCandidate(plan: RoutePlan, refused: Refused): Fault {
  const { refusals, useCase } = plan;
  const detail = refusals.map(({ deployment, reason }) => `${deployment}: ${reason}`).join(" ");
  const cause = { detail: detail.slice(0, 2000) };
  const wrong = wrongKind(plan, refused);
  // Neither time nor another region would help: it is as if the caller had named no model at all.
  if (wrong !== null) return fault("invalid", "no_candidate", wrong, { param: "model", cause });
  const isForGood = plan.refusedForGood === true;
  const met = new Set(refusals.map(({ constraint }) => constraint));
  if (isForGood && met.has("context_window") && !met.has("capability") && !met.has("cost_ceiling")) {
    return { ...tooLong(plan, tooSmall(refusals, refused), refused.request), cause };
  }
  const counts = new Map<string, number>();
  for (const { constraint } of refusals) counts.set(constraint, (counts.get(constraint) ?? 0) + 1);
  const reasons = [...counts].map(([constraint, count]) => `${count} by ${constraint}`).join(", ");
  const message = `No model may serve this request for the use case "${useCase}". Refused: ${reasons}. `;
  if (!isForGood) {
    const advice = "Change what the request needs, or ask the policy's owner.";
    return fault("unavailable", "no_candidate", message + advice, { cause });
  }
  return fault("invalid", "no_candidate", message + whatToChange(plan, met, refused), { cause });
}

type SizedPlan = Pick<RoutePlan, "estimatedInputTokens" | "estimatedOutputTokens">;

/**
 * For the application to shorten: no repetition would help. `deployments`: those that are too small, never none.
 * `ceiling`: which keeps the policy from doing something about it; null: nothing of that kind does.
 */
export function tooLong(
  { estimatedInputTokens: tokens, estimatedOutputTokens }: SizedPlan,
  deployments: readonly Deployment[],
  { operation, contract }: Pick<ModelRequest, "operation" | "contract">,
  ceiling: NanoDollars | null = null,
): Fault {
  const { contextWindow: largest, maxOutputTokens } = deployments
    .map(({ model }) => model)
    .reduce((a, b) => (b.contextWindow > a.contextWindow ? b : a));
  const param = operation === "embed" ? "input" : "messages";
  const models = `the models of this use case hold ${largest}`;
  const dear =
    ceiling === null
      ? ""
      : `What could be done about that may cost more than the use case's ceiling of ${formatUsd(ceiling)} USD. `;
  let message = `The request has about ${tokens} tokens of input`;
  if (contract.contextWindow !== undefined) {
    message = `The request says that it needs a window of ${contract.contextWindow} tokens, and ${models}. ${dear}Ask for less.`;
  } else if (operation === "embed")
    message += `, and ${models} in one text. Cut the longest text into parts.`;
  else {
    const output = Math.min(estimatedOutputTokens, maxOutputTokens);
    message += `, ${output} more are kept for its answer, and ${models}. ${dear}`;
    message += "Shorten the conversation, or ask for fewer output tokens.";
  }
  return fault("context_overflow", "context_length_exceeded", message, { param });
}

function tooSmall(refusals: readonly Refusal[], { snapshot }: Refused): readonly Deployment[] {
  return refusals.flatMap(({ constraint, deployment }) => {
    const known = snapshot.deployments.get(deployment);
    return known && constraint === "context_window" ? [known] : [];
  });
}

function whatToChange(
  { refusals, costCeiling, estimatedOutputTokens: output, choices }: RoutePlan,
  met: ReadonlySet<Constraint>,
  { snapshot, capabilities }: Refused,
): string {
  const advice: string[] = [];
  if (met.has("capability")) {
    const lacking = capabilities.filter((capability) =>
      refusals.some(({ constraint, deployment }) => {
        const model = snapshot.deployments.get(deployment)?.model;
        return constraint === "capability" && model !== undefined && !model.capabilities.has(capability);
      }),
    );
    const needs = lacking.length === 0 ? "words" : lacking.join(", ");
    advice.push(`It needs ${needs}: leave that out, or name a use case whose models have it.`);
  }
  if (met.has("context_window")) advice.push("It is too long: shorten it, or ask for fewer output tokens.");
  if (met.has("cost_ceiling")) {
    const ceiling = costCeiling === null ? "" : ` of ${formatUsd(costCeiling)} USD`;
    const shorter = output === 0 ? "shorten it" : "shorten it, or ask for fewer output tokens";
    const counted = output === 0 ? "" : ` with ${output} tokens of output${choices > 1 ? " a choice" : ""}`;
    advice.push(`It could cost more than the use case's ceiling${ceiling}${counted}: ${shorter}.`);
  }
  return advice.join(" ");
}

/** What to say where the use case is for vectors and the request asks for words, or the other way round; else null. */
function wrongKind(
  { refusals, useCase }: RoutePlan,
  { request: { operation }, snapshot: { deployments } }: Refused,
): string | null {
  if (operation === "embed") {
    if (refusals.some(({ constraint }) => constraint !== "capability")) return null;
    return (
      `The use case "${useCase}" has no model that makes embeddings for this request. ` +
      "Name a use case for embeddings."
    );
  }
  if (operation !== "chat") return null;
  const isVectors = ({ deployment }: Refusal): boolean => {
    const model = deployments.get(deployment)?.model;
    return model !== undefined && makesVectorsAlone(model);
  };
  if (refusals.length === 0 || !refusals.every(isVectors)) return null;
  return `The use case "${useCase}" is for embeddings. Name one for chat, or ask it for embeddings.`;
}
