/**
 * Whether waiting could help a request that nobody may serve. Owns which refusals are by what the request is, and
 * whose turn may yet come. Asked where no rung is left, never of a request that is served.
 */
import type { Constraint, Refusal } from "../../core/plan.ts";
import type { RouteRule, RungSpec } from "../../core/route-rule.ts";
import type { UseCase } from "../../core/snapshot.ts";
import { isOfTheMoment } from "../conditions/rule-facts.ts";
import { type Demand, mayServeInTime } from "./constraints.ts";

/** By what the request is: it is served once it is another one. */
const BY_REQUEST: ReadonlySet<Constraint> = new Set(["capability", "context_window", "cost_ceiling"]);

/** How the request was routed. */
interface Routed {
  readonly useCase: UseCase;
  /** The rule that matched; null: none. */
  readonly rule: RouteRule | null;
  /** What was climbed: the rule's ladder, or an arm's. */
  readonly ladder: readonly RungSpec[];
}

/**
 * Whether the same request would be refused again however long its caller waits, and by its own doing. Residency,
 * safety level and tenants alone are the policy's choice, which its words may stand in for. What may pass is a missing
 * credential, an approval that is yet to come, and a rule that reads the hour, the health of a model or the spending.
 */
export function refusedForGood(refusals: readonly Refusal[], demand: Demand, routed: Routed): boolean {
  if (!refusals.some(({ constraint }) => BY_REQUEST.has(constraint))) return false;
  for (const ladder of laddersInTime(routed)) {
    for (const { deployments } of ladder) {
      if (deployments.some((deployment) => mayServeInTime(deployment, demand))) return false;
    }
  }
  return true;
}

/** Those that the same request may climb now or later. */
function* laddersInTime({ useCase, rule, ladder }: Routed): Iterable<readonly RungSpec[]> {
  yield ladder;
  let isOpen = false;
  for (const one of useCase.rules) {
    if (one === rule) {
      yield one.ladder;
      if (!changesInTime(one)) return;
      isOpen = true;
    } else if (isOpen || changesInTime(one)) yield one.ladder;
  }
  yield useCase.ladder;
}

function changesInTime({ reads }: RouteRule): boolean {
  for (const signal of reads) if (isOfTheMoment(signal)) return true;
  return false;
}
