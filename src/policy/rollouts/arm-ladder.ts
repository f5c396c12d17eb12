/** The ladder of an arm: its own rungs and those that routing chose. Owns what `model` and `ladder` mean. */
import type { Arm } from "../../core/rollouts.ts";
import type { RungSpec } from "../../core/route-rule.ts";

type ArmLadder = NonNullable<Arm["ladder"]>;

const ladders = new WeakMap<ArmLadder, WeakMap<readonly RungSpec[], readonly RungSpec[]>>();

/**
 * What an arm climbs where routing chose `base`. A model alone goes before it, so that what serves today still
 * answers when the newcomer cannot; a whole ladder replaces it.
 */
export function ladderOfArm({ ladder }: Pick<Arm, "ladder">, base: readonly RungSpec[]): readonly RungSpec[] {
  if (ladder === null) return base;
  if (ladder.replaces) return ladder.rungs;
  let known = ladders.get(ladder);
  if (known === undefined) {
    known = new WeakMap();
    ladders.set(ladder, known);
  }
  let joined = known.get(base);
  if (joined === undefined) {
    joined = join(ladder.rungs, base);
    known.set(base, joined);
  }
  return joined;
}

/** Every deployment keeps its first place; what stood first in `base` is a fallback now. */
function join(own: readonly RungSpec[], base: readonly RungSpec[]): readonly RungSpec[] {
  const seen = new Set(own.flatMap(({ deployments }) => deployments.map(({ id }) => id)));
  const rungs = [...own];
  for (const rung of base) {
    const deployments = rung.deployments.filter(({ id }) => !seen.has(id));
    if (deployments.length > 0) rungs.push({ ...rung, kind: "fallback", deployments });
  }
  return rungs;
}
