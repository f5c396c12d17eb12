/** Arms and rollouts made up for tests. Owns nothing that serves. */
import type { Arm, Rollout } from "../../core/rollouts.ts";
import { seedOf } from "./choose.ts";

export function fakeArm(name: string, weight: number): Arm {
  return {
    name,
    label: `r/${name}`,
    experiment: { rollout: "r", arm: name },
    weight,
    seed: seedOf(name),
    ladder: null,
    change: null,
  };
}

/** Weights by the names of arms. */
export function fakeRollout(weights: Readonly<Record<string, number>>, name = "r"): Rollout {
  return {
    name,
    kind: "canary",
    when: null,
    source: null,
    reads: new Set(),
    sticky: "caller_and_user",
    seed: seedOf(name),
    arms: Object.entries(weights).map(([arm, weight]) => fakeArm(arm, weight)),
  };
}
