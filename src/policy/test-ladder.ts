/** Whether a ladder is the expected one. Owns what a name in an expectation stands for. */
import type { Deployment } from "../core/deployment.ts";
import type { RoutePlan } from "../core/plan.ts";

/** Everything that would be tried, in order. */
export function candidatesOf(plan: RoutePlan): readonly Deployment[] {
  return plan.rungs.flatMap(({ candidates }) => candidates);
}

/**
 * A deployment's name stands for itself, a model's for all its deployments in a row. A name that is both is
 * read either way. All of the ladder must be named.
 */
export function ladderMatches(
  expected: readonly string[],
  candidates: readonly Deployment[],
  models: ReadonlyMap<string, unknown>,
): boolean {
  const [name, ...rest] = expected;
  const [first, ...others] = candidates;
  if (name === undefined || first === undefined) return name === undefined && first === undefined;
  if (first.id === name && ladderMatches(rest, others, models)) return true;
  if (first.model.id !== name || !models.has(name)) return false;
  const next = candidates.findIndex(({ model }) => model.id !== name);
  return ladderMatches(rest, next < 0 ? [] : candidates.slice(next), models);
}
