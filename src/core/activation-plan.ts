/**
 * How a new policy version takes over by steps, as data: when it begins, how much of the traffic each step adds,
 * how far it is at a moment. Owns that arithmetic; knows no policy and no timer. Everything follows from the
 * stated start, so that two gateways with one plan, or one that was restarted, come to the same share.
 */

export interface ActivationPlan {
  /** Tells one staged activation from another, also where the version is the same. */
  readonly id: string;
  readonly version: string;
  /** What it takes over from. */
  readonly previousVersion: string;
  /** When it was asked for; epoch milliseconds. */
  readonly at: number;
  /** When the first step is taken; epoch milliseconds. */
  readonly startsAt: number;
  /** Percent of the traffic that each step adds; 100: everything with the first. */
  readonly stepPercent: number;
  /** Between two steps, in milliseconds. */
  readonly stepEveryMs: number;
  readonly actor: string;
  readonly note: string | null;
}

/** What the stages follow from. */
type Steps = Pick<ActivationPlan, "startsAt" | "stepPercent" | "stepEveryMs">;

export interface ActivationStage {
  readonly phase: "waiting" | "stepping" | "complete";
  /** Steps taken, and all there are. */
  readonly step: number;
  readonly steps: number;
  /** Percent of the traffic that the new version has. */
  readonly share: number;
  /** When the next step is due, epoch milliseconds, and what it gives; null: none is left. */
  readonly next: { readonly at: number; readonly share: number } | null;
}

export function stageAt(plan: Steps, now: number): ActivationStage {
  const { startsAt, stepEveryMs } = plan;
  const steps = stepsOf(plan);
  const taken = now < startsAt ? 0 : Math.min(steps, 1 + Math.floor((now - startsAt) / stepEveryMs));
  const phase = taken === 0 ? "waiting" : taken < steps ? "stepping" : "complete";
  const next =
    taken === steps ? null : { at: startsAt + taken * stepEveryMs, share: shareAfter(plan, taken + 1) };
  return { phase, step: taken, steps, share: shareAfter(plan, taken), next };
}

/** When the last step is due; epoch milliseconds. */
export function endOf(plan: Steps): number {
  return plan.startsAt + (stepsOf(plan) - 1) * plan.stepEveryMs;
}

/** A rest that only rounding left, of the quotient or of the share, is no step of its own. */
function stepsOf(plan: Steps): number {
  const steps = Math.max(1, Math.ceil(100 / plan.stepPercent - 1e-9));
  return steps > 1 && shareAfter(plan, steps - 1) === 100 ? steps - 1 : steps;
}

function shareAfter({ stepPercent }: Steps, steps: number): number {
  return Math.min(100, Math.round(steps * stepPercent * 10_000) / 10_000);
}
