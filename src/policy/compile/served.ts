/** Ladders that can serve nobody, found before a request finds them. Owns the checks that need no request. */
import { SAFETY_LEVELS } from "../../core/contract.ts";
import type { Deployment } from "../../core/deployment.ts";
import { plannedOutput } from "../../core/estimate-cost.ts";
import type { RungSpec } from "../../core/route-rule.ts";
import type { UseCase } from "../../core/snapshot.ts";
import type { Path, Report } from "../finding.ts";
import { makesVectorsAlone, type Objection, oversize, regionOutside } from "../routing/constraints.ts";
import { listed } from "../suggest.ts";

type Reason = "residency" | "safety" | "approval";

/** An error when constraints of the use case exclude every deployment of `ladder`, whatever is asked. */
export function reportUnserved(
  useCase: UseCase,
  ladder: readonly RungSpec[],
  path: Path,
  report: Report,
): void {
  const reasons = new Set<Reason>();
  for (const rung of ladder) {
    for (const deployment of rung.deployments) {
      const reason = excludes(useCase, deployment);
      if (reason === null) return;
      reasons.add(reason);
    }
  }
  const deployments = ladder.flatMap((rung) => rung.deployments);
  const who = `the use case "${useCase.id}"`;
  if (reasons.size === 1 && reasons.has("residency")) {
    const regions = new Set(deployments.flatMap((deployment) => deployment.regions));
    const there = listed([...regions].map((region) => (region === "*" ? "any region" : region)));
    const message = `The residency ${listed(useCase.residency ?? [])} of ${who} excludes every deployment of this ladder.`;
    report.error(
      "residency_excludes_all",
      path,
      message,
      `Their calls are processed in: ${there}. Add one that is inside.`,
    );
    return;
  }
  const why = [...reasons].map((reason) => WHY[reason]).join(", ");
  const message = `No deployment of this ladder may serve ${who}: ${why}.`;
  report.error("nothing_serves", path, message, "Add a model that meets all of these to the ladder.");
}

const WHY: Readonly<Record<Reason, string>> = {
  residency: "some are outside its residency",
  safety: "some are approved for a lower safety level only",
  approval: "some are experimental or retired",
};

function excludes(useCase: UseCase, deployment: Deployment): Reason | null {
  const { model } = deployment;
  if (model.status === "experimental" || model.status === "retired") return "approval";
  if (SAFETY_LEVELS.indexOf(model.safetyLevel) < SAFETY_LEVELS.indexOf(useCase.safetyLevel)) return "safety";
  const { residency } = useCase;
  return residency !== null && regionOutside(deployment, residency) !== null ? "residency" : null;
}

/** Tokens of a request that is as short as any. */
const SHORT_TOKENS = 10;

/** The ladders of a use case, its own first, and where each is written. */
type PlacedLadder = readonly [ladder: readonly RungSpec[], path: Path];

/**
 * A warning where not even a short request fits any model of a ladder, for the output that is counted with it. It is of
 * the use case's own settings, so it is said once, of the first ladder.
 */
export function reportRefusesAll(useCase: UseCase, ladders: readonly PlacedLadder[], report: Report): void {
  for (const [ladder, path] of ladders) {
    const objection = refusesShort(useCase, ladder);
    if (objection === null) continue;
    const message = `Every model of this ladder refuses even a short request of the use case "${useCase.id}" that states no limit on its answer. ${objection.reason}`;
    const fix =
      objection.constraint === "cost_ceiling"
        ? "Raise its cost_ceiling_usd, or set a lower max_output_tokens."
        : "Set a lower max_output_tokens of the use case: input and output share the window.";
    report.warning("refuses_short_requests", path, message, fix);
    return;
  }
}

/** Why the first model does; null: one takes it, or there is none. */
function refusesShort(
  { taskType, maxOutputTokens, costCeiling }: UseCase,
  ladder: readonly RungSpec[],
): Objection | null {
  const size = {
    inputTokens: SHORT_TOKENS,
    longestInputTokens: SHORT_TOKENS,
    outputTokens: taskType === "embedding" ? 0 : plannedOutput(undefined, maxOutputTokens),
    choices: 1,
    statedWindow: null,
    costCeiling,
  };
  let first: Objection | null = null;
  for (const { deployments } of ladder) {
    for (const deployment of deployments) {
      const objection = oversize(deployment, size);
      if (objection === null) return null;
      first ??= objection;
    }
  }
  return first;
}

/** A warning where a use case for vectors has no model that makes any, or one for words none that has words. */
export function reportWrongKind(
  { id, taskType }: UseCase,
  ladder: readonly RungSpec[],
  path: Path,
  report: Report,
): void {
  const models = ladder.flatMap(({ deployments }) => deployments.map(({ model }) => model));
  if (models.length === 0) return;
  if (taskType === "embedding" && !models.some(({ capabilities }) => capabilities.has("embeddings"))) {
    const message = `The use case "${id}" is for embeddings, and no model of its ladder has that capability: each request for them is refused.`;
    const fix = "Add embeddings to the capabilities of a model that makes them, or name such a model.";
    report.warning("no_embeddings", path, message, fix);
  }
  if (taskType !== "embedding" && models.every(makesVectorsAlone)) {
    const message = `The models of the use case "${id}" have no capability but embeddings, and its task_type is ${taskType}: each request for words is refused.`;
    const fix = "Write task_type: embedding, or name a model for chat.";
    report.warning("embeddings_alone", path, message, fix);
  }
}

/** A warning when a model of the rung no longer, or not yet, serves. */
export function reportUnapproved(rung: RungSpec, path: Path, report: Report): void {
  for (const { model } of rung.deployments) {
    if (model.status !== "retired" && model.status !== "experimental") continue;
    const message = `The model "${model.id}" is ${model.status} and is never called.`;
    const code = model.status === "retired" ? "retired_model" : "experimental_model";
    report.warning(code, path, message, "Name an approved model, or change the model's status.");
    return;
  }
}
