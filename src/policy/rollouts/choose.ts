/** The arm of a request, and whether it is in a share. Owns the draw; who is asked at all is decided before. */
import type { Random } from "../../core/clock.ts";
import type { Arm, Rollout } from "../../core/rollouts.ts";
import { drawOf, hashText, mix, scoreOf, uniformOf } from "./rendezvous.ts";

/** Keeps the hash of an arm's name apart from that of the key it meets. */
const ARM_BASIS = 0x9747b28c;

/** Of an arm's or a rollout's name, worked out once. */
export function seedOf(name: string): number {
  return mix(hashText(name, ARM_BASIS));
}

type Split = Pick<Rollout, "seed" | "arms">;

/**
 * The arm that has `key` by its weight; null for `key` draws anew. The same on every replica, whatever the order
 * of the arms. Weights need not add up to anything; where all are 0, the first arm has everything.
 */
export function chooseArm({ seed, arms }: Split, key: string | null, random: Random): Arm | null {
  if (key === null) return drawArm(arms, random);
  const hashed = mix(hashText(key, seed));
  let best: Arm | null = arms[0] ?? null;
  let least = Number.POSITIVE_INFINITY;
  for (const arm of arms) {
    const score = scoreOf(mix(hashed ^ arm.seed), arm.weight);
    if (score < least) {
      least = score;
      best = arm;
    }
  }
  return best;
}

function drawArm(arms: readonly Arm[], random: Random): Arm | null {
  let total = 0;
  for (const { weight } of arms) total += weight;
  let left = random() * total;
  let last: Arm | null = arms[0] ?? null;
  for (const arm of arms) {
    if (arm.weight <= 0) continue;
    last = arm;
    left -= arm.weight;
    if (left < 0) return arm;
  }
  return last;
}

/** Whether `key` is among the `percent` of all keys; raising it loses none. Null for `key` draws anew. */
export function inShare(seed: number, key: string | null, percent: number, random: Random): boolean {
  const place = key === null ? random() : uniformOf(mix(hashText(key, seed)));
  return place * 100 < percent;
}

/**
 * The percentage from which on `arm` has `key`, if the weights of the others keep their proportions: uniform over
 * all keys, so it is the key's place in the queue for this arm. Of an arm that stands alone: 0.
 */
export function bucketOf({ seed, arms }: Split, arm: Arm, key: string): number {
  const hashed = mix(hashText(key, seed));
  const draw = (of: Arm) => drawOf(mix(hashed ^ of.seed));
  const others = arms.filter((other) => other !== arm);
  const total = others.reduce((sum, { weight }) => sum + weight, 0);
  if (others.length === 0) return 0;
  // Where the others have nothing to lose, they are taken as equals.
  const shareOf = ({ weight }: Arm) => (total > 0 ? weight / total : 1 / others.length);
  const rival = Math.min(
    ...others.map((other) => (shareOf(other) > 0 ? draw(other) / shareOf(other) : Number.POSITIVE_INFINITY)),
  );
  const own = draw(arm);
  return (100 * own) / (own + rival);
}
