/** What is wrong with a rollout though its form is right. Owns these findings and their fixes. */
import type { Arm, ShadowRollout } from "../../core/rollouts.ts";
import type { Path, Report } from "../finding.ts";

/** Percentages are sums of decimals. */
const ROUNDING = 1e-6;

interface PlacedArm {
  readonly arm: Arm;
  readonly path: Path;
}

/** `path`: of the map that has the arms. */
export function checkArms(rollout: string, placed: readonly PlacedArm[], path: Path, report: Report): void {
  const arms = placed.map(({ arm }) => arm);
  checkWeights(rollout, arms, path, report);
  const [first, ...others] = placed;
  for (const { arm, path: at } of others) {
    if (first === undefined || !isSame(first.arm, arm)) continue;
    const message = `The arm "${arm.name}" of the rollout "${rollout}" is the same as "${first.arm.name}".`;
    report.warning("same_arms", at, message, "Give it another model, prompt or parameter.");
  }
}

function checkWeights(rollout: string, arms: readonly Arm[], path: Path, report: Report): void {
  const [first] = arms;
  if (first === undefined || arms.length < 2) {
    const message = `The rollout "${rollout}" has fewer than two arms.`;
    report.error("too_few_arms", [...path, "arms"], message, "Add another to compare with.");
    return;
  }
  const sum = arms.reduce((total, { weight }) => total + weight, 0);
  if (Math.abs(sum - 100) < ROUNDING) return;
  const needed = first.weight + 100 - sum;
  const fix =
    needed >= 0 && needed <= 100
      ? `Give "${first.name}" ${shown(needed)}, or change the others.`
      : "Change them so that they do.";
  const message = `The weights of the rollout "${rollout}" sum to ${shown(sum)}, not 100.`;
  report.error("weights_off", [...path, "arms"], message, fix);
}

/** Six digits after the point, without those that say nothing. */
function shown(percent: number): string {
  return String(Math.round(percent * 1e6) / 1e6);
}

function isSame(a: Arm, b: Arm): boolean {
  if (JSON.stringify(a.change) !== JSON.stringify(b.change)) return false;
  const deploymentsOf = ({ ladder }: Arm) =>
    ladder && [ladder.replaces, ladder.rungs.map(({ deployments }) => deployments.map(({ id }) => id))];
  return JSON.stringify(deploymentsOf(a)) === JSON.stringify(deploymentsOf(b));
}

export function checkSteps(steps: readonly number[], path: Path, report: Report): void {
  const fall = steps.findIndex((step, index) => index > 0 && step <= (steps[index - 1] ?? 0));
  if (fall === -1) return;
  const message = `The steps do not rise: ${shown(steps[fall] ?? 0)} follows ${shown(steps[fall - 1] ?? 0)}.`;
  report.error("steps_not_rising", [...path, fall], message, "Write them from the least to the most.");
}

/** `path`: of the map `shadow`. */
export function checkShadow(shadow: ShadowRollout, path: Path, report: Report): void {
  const { name, maxCostPerHour, rungs, change } = shadow;
  if (rungs === null && change === null) {
    const message = `The shadow "${name}" asks the same model the same thing again.`;
    report.warning("same_arms", [...path, "candidate"], message, "Name another model, prompt or parameter.");
  }
  if (maxCostPerHour === null) {
    const message = `The shadow "${name}" may cost anything: each copy is paid for like a request.`;
    report.warning("uncapped_shadow", path, message, "Add max_cost_usd_per_hour.");
    return;
  }
  const unpriced = rungs?.flatMap(({ deployments }) => deployments).find(({ model }) => !model.prices);
  if (unpriced === undefined) return;
  const message = `The cost of the shadow "${name}" cannot be limited: the model "${unpriced.model.id}" has no price.`;
  const fix = "Add its prices under models, or remove max_cost_usd_per_hour.";
  report.error("unpriced_shadow", [...path, "max_cost_usd_per_hour"], message, fix);
}
