/** A use case as if every credential were there: a test is about the policy. Owns where deployments stand in one. */
import type { Deployment } from "../../core/deployment.ts";
import type { OverflowMeasure } from "../../core/plan.ts";
import type { Arm } from "../../core/rollouts.ts";
import type { RungSpec } from "../../core/route-rule.ts";
import type { UseCase } from "../../core/snapshot.ts";

/** `useCase` itself where none is missing. `done`: those that were asked for before. */
export function armed(useCase: UseCase, done: Map<UseCase, UseCase>): UseCase {
  let found = done.get(useCase);
  if (found === undefined) {
    const arms = useCase.rollouts.flatMap((rollout) => rollout.arms.map(({ ladder }) => ladder?.rungs ?? []));
    const ladders = [useCase.ladder, ...useCase.rules.map(({ ladder }) => ladder), ...arms].flat();
    const named = [...ladders, ...useCase.onOverflow.filter((measure) => measure.type === "summarize")];
    found = named.some(({ deployments }) => deployments.some(isUnarmed))
      ? {
          ...useCase,
          ladder: useCase.ladder.map(withArmed),
          rules: useCase.rules.map((rule) => ({ ...rule, ladder: rule.ladder.map(withArmed) })),
          rollouts: useCase.rollouts.map((rollout) => ({ ...rollout, arms: rollout.arms.map(armArm) })),
          onOverflow: useCase.onOverflow.map(armMeasure),
        }
      : useCase;
    done.set(useCase, found);
  }
  return found;
}

function withArmed<T extends Pick<RungSpec, "deployments">>(one: T): T {
  const arm = (deployment: Deployment): Deployment =>
    isUnarmed(deployment) ? { ...deployment, credential: { type: "none" } } : deployment;
  return { ...one, deployments: one.deployments.map(arm) };
}

function armMeasure(measure: OverflowMeasure): OverflowMeasure {
  return measure.type === "summarize" ? withArmed(measure) : measure;
}

function armArm(arm: Arm): Arm {
  return arm.ladder === null
    ? arm
    : { ...arm, ladder: { ...arm.ladder, rungs: arm.ladder.rungs.map(withArmed) } };
}

function isUnarmed({ credential }: Deployment): boolean {
  return credential.type === "missing";
}
