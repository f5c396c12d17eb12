/** Whether a ladder is the expected one. Owns what a name in an expectation stands for. */
import type { Deployment } from "../../core/deployment.ts";
import type { RoutePlan } from "../../core/plan.ts";
import type { ConfigSnapshot } from "../../core/snapshot.ts";

/** Everything that would be tried, in order. */
export function candidatesOf(plan: RoutePlan): readonly Deployment[] {
  return plan.rungs.flatMap(({ candidates }) => candidates);
}

/**
 * A deployment's name stands for itself, a model's or its alias's for all its deployments in a row. A name that is both
 * is read either way. All of the ladder must be named.
 */
export function ladderMatches(
  expected: readonly string[],
  candidates: readonly Deployment[],
  snapshot: Pick<ConfigSnapshot, "models" | "modelAliases">,
): boolean {
  const [name, ...rest] = expected;
  const [first, ...others] = candidates;
  if (name === undefined || first === undefined) return name === undefined && first === undefined;
  if (first.id === name && ladderMatches(rest, others, snapshot)) return true;
  const id = modelNamed(name, snapshot);
  if (first.model.id !== id || !snapshot.models.has(id)) return false;
  const next = candidates.findIndex(({ model }) => model.id !== id);
  return ladderMatches(rest, next < 0 ? [] : candidates.slice(next), snapshot);
}

/** The id of the model that an expectation names, by itself or by an alias. */
export function modelNamed(name: string, { modelAliases }: Pick<ConfigSnapshot, "modelAliases">): string {
  return modelAliases.get(name)?.model ?? name;
}
