/** Which rollouts a request takes part in. Owns the order: the first that takes it in decides its arm. */
import type { Caller } from "../../core/caller.ts";
import type { Random } from "../../core/clock.ts";
import type { Arm, Rollout, ShadowRollout } from "../../core/rollouts.ts";
import type { RuleContext } from "../../core/rule-context.ts";
import type { UseCase } from "../../core/snapshot.ts";
import { chooseArm, inShare } from "./choose.ts";
import { stickyKey } from "./sticky-key.ts";

export interface Enrolment {
  readonly rollout: Rollout;
  readonly arm: Arm;
}

/** Whom a rollout is asked about. */
export interface Subject {
  readonly caller: Caller;
  /** Digest of the end user's id, where the caller states one. */
  readonly user: string | undefined;
  readonly random: Random;
  /** Gathered when the first condition wants it. */
  readonly context: RuleContext;
  /** `rollout/arm` to be in, whatever conditions and weights say; undefined: as they say. */
  readonly wanted: string | undefined;
}

/** Null where no rollout of the use case takes the request in. */
export function enrol({ rollouts }: Pick<UseCase, "rollouts">, subject: Subject): Enrolment | null {
  if (subject.wanted !== undefined) {
    const wanted = findArm(rollouts, subject.wanted);
    if (wanted !== null) return wanted;
  }
  for (const rollout of rollouts) {
    if (rollout.when !== null && !rollout.when(subject.context)) continue;
    const { caller, user, random } = subject;
    const arm = chooseArm(rollout, stickyKey(rollout.sticky, caller, user), random);
    return arm === null ? null : { rollout, arm };
  }
  return null;
}

/** The arm of that label, `rollout/arm`. */
export function findArm(rollouts: readonly Rollout[], label: string): Enrolment | null {
  for (const rollout of rollouts) {
    const arm = rollout.arms.find((one) => one.label === label);
    if (arm !== undefined) return { rollout, arm };
  }
  return null;
}

/** Those shadows of the use case that get a copy of the request. */
export function shadowsFor(
  { shadows }: Pick<UseCase, "shadows">,
  subject: Subject,
): readonly ShadowRollout[] {
  const { caller, user, random } = subject;
  return shadows.filter(
    ({ when, sticky, seed, share }) =>
      share > 0 &&
      (when === null || when(subject.context)) &&
      inShare(seed, stickyKey(sticky, caller, user), share, random),
  );
}
