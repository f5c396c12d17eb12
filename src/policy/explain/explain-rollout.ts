/** Which arm a request is in and why, and what its flags are. Owns the account; decides nothing itself. */

import type { FlagReason, FlagValue } from "../../core/flags.ts";
import type { RoutePlan } from "../../core/plan.ts";
import type { Stickiness } from "../../core/rollouts.ts";
import { bucketOf } from "../rollouts/choose.ts";
import { findArm } from "../rollouts/enrol.ts";
import { stickyKey } from "../rollouts/sticky-key.ts";
import type { Demand } from "../routing/constraints.ts";
import { factsOf, type RouteInput, userDigestOf } from "../routing/plan.ts";

interface ExplainedArm {
  readonly arm: string;
  /** Percent. */
  readonly weight: number;
  /** This key is the arm's from this weight on; null where each request is drawn anew, or one arm has all. */
  readonly bucket: number | null;
}

export interface ExplainedRollout {
  readonly rollout: string;
  readonly kind: "canary" | "blue_green";
  readonly arm: string;
  /** As written; null: all requests of the use case. */
  readonly condition: string | null;
  /** `asked`: the question named the arm. `live`: the word in the policy. `drawn`: by chance, each time anew. */
  readonly why: "weight" | "drawn" | "live" | "asked";
  readonly sticky: Stickiness;
  readonly arms: readonly ExplainedArm[];
  /** `id@version` of the arm's system prompt. */
  readonly prompt: string | null;
  /** Names of the controls that the arm sets. */
  readonly parameters: readonly string[];
}

export interface ExplainedShadow {
  readonly rollout: string;
  readonly deployment: string;
  readonly model: string;
}

export interface ExplainedFlag {
  readonly flag: string;
  readonly value: FlagValue;
  readonly variant: string | null;
  readonly reason: FlagReason;
}

/** Null where no rollout takes the request in. */
export function explainRollout({ arm: choice }: RoutePlan, input: RouteInput): ExplainedRollout | null {
  if (choice === undefined) return null;
  const found = findArm(input.useCase.rollouts, choice.label);
  if (found === null) return null;
  const { rollout, arm } = found;
  const key = stickyKey(rollout.sticky, input.caller, userDigestOf(input));
  const places = rollout.kind === "canary" ? key : null;
  const { sampling, reasoning, prompt } = arm.change ?? {};
  return {
    rollout: rollout.name,
    kind: rollout.kind,
    arm: arm.name,
    condition: rollout.source,
    why:
      input.arm?.label === arm.label
        ? "asked"
        : rollout.kind === "blue_green"
          ? "live"
          : key === null
            ? "drawn"
            : "weight",
    sticky: rollout.sticky,
    arms: rollout.arms.map((each) => ({
      arm: each.name,
      weight: each.weight,
      bucket: places === null ? null : Math.round(bucketOf(rollout, each, places) * 100) / 100,
    })),
    prompt: prompt ? `${prompt.id}@${prompt.version}` : null,
    parameters: [...Object.keys(sampling ?? {}), ...(reasoning ? ["reasoning"] : [])],
  };
}

export function explainShadows({ shadows = [] }: RoutePlan): readonly ExplainedShadow[] {
  return shadows.map(({ experiment, deployment }) => ({
    rollout: experiment.rollout,
    deployment: deployment.id,
    model: deployment.model.id,
  }));
}

/** Every flag of the policy, as this request would see it. */
export function explainFlags(input: RouteInput, demand: Demand): readonly ExplainedFlag[] {
  const { flags } = input.snapshot;
  if (flags === null) return [];
  const { caller, request, random, flags: remote = null } = input;
  const userDigest = userDigestOf(input);
  const subject = { context: factsOf(input, demand), caller, user: request.user, userDigest, random, remote };
  return flags.names.flatMap((flag) => {
    const details = flags.evaluate(flag, subject);
    return details === null ? [] : [{ flag, ...details }];
  });
}
