/** `rollout set`: another share of requests for an arm or a shadow. Owns what becomes of the other arms. */
import { failed, type Result } from "../../core/faults.ts";
import { percentOf } from "../../policy/document/rollouts.ts";
import type { PolicyText } from "../../policy/reading/load.ts";
import { listed, suggestion } from "../../policy/suggest.ts";
import { changePart, type PartChange, type Wish } from "../policy/edit/open-part.ts";
import { type OpenRollout, openRollout } from "./open-rollout.ts";

export interface WeightWish {
  readonly rollout: string;
  /** Percent, from 0 to 100. */
  readonly weight: number;
  /** Null: the candidate. */
  readonly arm: string | null;
}

/** Faults: `not_found`, `invalid`. */
export function setWeight(sources: readonly PolicyText[], wish: WeightWish): Result<PartChange> {
  const opened = openRollout(sources, wish.rollout);
  if (!opened.ok) return opened;
  const wishes = weightWishes(opened.value, tidy(wish.weight), wish.arm);
  return wishes.ok ? changePart(opened.value, wishes.value) : wishes;
}

/** The values that give `arm` that weight; null: the candidate. */
export function weightWishes(
  { written, path }: OpenRollout,
  weight: number,
  arm: string | null,
): Result<readonly Wish[]> {
  const { canary, shadow } = written;
  if (shadow !== undefined) {
    if (arm !== null && arm !== "candidate") return noArm(arm, ["candidate"]);
    return wishesOf({ path: [...path, "shadow", "share"], from: percentOf(shadow.share), to: weight });
  }
  if (canary === undefined) {
    const message =
      "A blue-green rollout has no weights: one of the two has everything. Use rollout promote or rollout abort.";
    return failed("invalid", "no_weights", message);
  }
  if (canary.arms !== undefined) return armWishes(canary.arms, path, weight, arm);
  if (arm !== null && arm !== "candidate" && arm !== "stable") return noArm(arm, ["stable", "candidate"]);
  const to = arm === "stable" ? tidy(100 - weight) : weight;
  const from = canary.weight === undefined ? null : percentOf(canary.weight);
  return wishesOf({ path: [...path, "canary", "weight"], from, to });
}

type Arms = NonNullable<NonNullable<OpenRollout["written"]["canary"]>["arms"]>;

/** The others keep their proportions, so that no key moves between them. */
function armWishes(
  arms: Arms,
  path: OpenRollout["path"],
  weight: number,
  arm: string | null,
): Result<readonly Wish[]> {
  const names = Object.keys(arms);
  if (arm === null || !Object.hasOwn(arms, arm)) return noArm(arm, names);
  const before = new Map(Object.entries(arms).map(([name, written]) => [name, percentOf(written.weight)]));
  const others = names.filter((name) => name !== arm);
  const rest = others.reduce((sum, name) => sum + (before.get(name) ?? 0), 0);
  const after = new Map([[arm, weight]]);
  for (const [index, name] of others.entries()) {
    // Where the others have nothing to keep the proportions of, the first of them gets what is left.
    const share = rest > 0 ? (before.get(name) ?? 0) / rest : index === 0 ? 1 : 0;
    after.set(name, tidy((100 - weight) * share));
  }
  const largest = others.toSorted((a, b) => (after.get(b) ?? 0) - (after.get(a) ?? 0))[0] ?? arm;
  const sum = [...after.values()].reduce((total, each) => total + each, 0);
  after.set(largest, tidy((after.get(largest) ?? 0) + 100 - sum));
  return {
    ok: true,
    value: names.map((name) => ({
      path: [...path, "canary", "arms", name, "weight"],
      from: before.get(name) ?? 0,
      to: after.get(name) ?? 0,
    })),
  };
}

/** Four digits after the point: weights that are written are weights that are read. */
function tidy(percent: number): number {
  return Math.max(0, Math.round(percent * 10_000) / 10_000);
}

function wishesOf(wish: Wish): Result<readonly Wish[]> {
  return { ok: true, value: [wish] };
}

function noArm(arm: string | null, names: readonly string[]): Result<never> {
  const message =
    arm === null
      ? `Say which arm, with --arm: ${listed(names)}.`
      : `The rollout has no such arm. ${suggestion(arm, names, "")}`;
  return failed("invalid", "unknown_arm", message);
}
