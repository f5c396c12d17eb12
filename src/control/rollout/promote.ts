/** `rollout promote`: the newcomer gets more, or everything. Owns what the next step is. */
import { failed, ok, type Result } from "../../core/faults.ts";
import { percentOf } from "../../policy/document/rollouts.ts";
import type { PolicyText } from "../../policy/reading/load.ts";
import { changePart, type PartChange, type Wish } from "../policy/edit/open-part.ts";
import { type OpenRollout, openRollout } from "./open-rollout.ts";
import { weightWishes } from "./set-weight.ts";

export interface PromoteWish {
  readonly rollout: string;
  /** Of a canary with arms by name: the one that gets everything; null: the candidate. */
  readonly arm: string | null;
  /** At once to 100, whatever steps there are. */
  readonly full: boolean;
}

/** Faults: `not_found`, `invalid`. */
export function promoteRollout(sources: readonly PolicyText[], wish: PromoteWish): Result<PartChange> {
  const opened = openRollout(sources, wish.rollout);
  if (!opened.ok) return opened;
  const wishes = promotion(opened.value, wish);
  return wishes.ok ? changePart(opened.value, wishes.value) : wishes;
}

function promotion(opened: OpenRollout, { arm, full }: PromoteWish): Result<readonly Wish[]> {
  const { canary, blue_green: pair, shadow } = opened.written;
  if (shadow !== undefined) {
    const message =
      "A shadow answers nobody, so there is nothing to promote. Write the candidate as a canary, then remove the shadow.";
    return failed("invalid", "nothing_to_promote", message);
  }
  if (pair !== undefined) {
    return ok([{ path: [...opened.path, "blue_green", "live"], from: pair.live, to: "green" }]);
  }
  return weightWishes(opened, full || arm !== null ? 100 : nextStep(canary), arm);
}

function nextStep(canary: OpenRollout["written"]["canary"]): number {
  const steps = (canary?.steps ?? []).map(percentOf);
  const now = canary?.weight === undefined ? (steps[0] ?? 0) : percentOf(canary.weight);
  return steps.find((step) => step > now) ?? 100;
}
