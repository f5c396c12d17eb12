import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { seededRandom } from "../../core/clock.ts";
import { bucketOf, chooseArm, inShare, seedOf } from "./choose.ts";
import { fakeArm, fakeRollout } from "./fake-arms.ts";

const KEYS = 20_000;
const never = (): number => {
  throw new Error("A key that sticks draws nothing.");
};

const keysOf = (prefix: string, count = KEYS) => Array.from({ length: count }, (_, i) => `${prefix}-${i}`);

function chosen(weights: Readonly<Record<string, number>>, key: string, name?: string): string {
  return chooseArm(fakeRollout(weights, name), key, never)?.name ?? "";
}

/** How many standard deviations of Binomial(n, share) the count is away from its mean. */
function deviations(count: number, n: number, share: number): number {
  if (share === 0 || share === 1) return count === n * share ? 0 : Number.POSITIVE_INFINITY;
  return Math.abs(count - n * share) / Math.sqrt(n * share * (1 - share));
}

function countsOf(weights: Readonly<Record<string, number>>, keys: readonly string[], name: string) {
  const rollout = fakeRollout(weights, name);
  const counts: Record<string, number> = {};
  for (const key of keys) {
    const arm = chooseArm(rollout, key, never)?.name ?? "";
    counts[arm] = (counts[arm] ?? 0) + 1;
  }
  return counts;
}

const weightsOf = (names: readonly string[], weights: readonly number[]) =>
  Object.fromEntries(names.map((name, i) => [name, weights[i] ?? 0]));

const fewArms = fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 2, maxLength: 6 }).map((weights) =>
  weightsOf(
    weights.map((_, i) => `arm-${i}`),
    weights,
  ),
);

describe("shares", () => {
  test("each arm gets its weight of 20,000 keys, within five standard deviations", () => {
    fc.assert(
      fc.property(
        fewArms,
        fc.constantFrom("user", "key-1\nuser", "42"),
        fc.string(),
        (weights, prefix, name) => {
          const counts = countsOf(weights, keysOf(prefix), name);
          const total = Object.values(weights).reduce((sum, weight) => sum + weight, 0);
          for (const [arm, weight] of Object.entries(weights)) {
            expect(deviations(counts[arm] ?? 0, KEYS, weight / total)).toBeLessThan(5);
          }
        },
      ),
      { numRuns: 25, seed: 7 },
    );
  });

  test.each([0, 0.1, 1, 5, 50, 99.9, 100])("a canary of %d per cent", (weight) => {
    const counts = countsOf({ stable: 100 - weight, candidate: weight }, keysOf("user"), "canary");
    expect(deviations(counts.candidate ?? 0, KEYS, weight / 100)).toBeLessThan(5);
  });

  test("drawn anew for each request: the same shares, and weight 0 never", () => {
    fc.assert(
      fc.property(fewArms, fc.nat(), (weights, seed) => {
        const random = seededRandom(seed);
        const rollout = fakeRollout({ off: 0, ...weights, dead: 0 });
        const counts: Record<string, number> = {};
        for (let i = 0; i < KEYS; i++) {
          const arm = chooseArm(rollout, null, random)?.name ?? "";
          counts[arm] = (counts[arm] ?? 0) + 1;
        }
        const total = Object.values(weights).reduce((sum, weight) => sum + weight, 0);
        expect(counts.off).toBeUndefined();
        expect(counts.dead).toBeUndefined();
        for (const [arm, weight] of Object.entries(weights)) {
          expect(deviations(counts[arm] ?? 0, KEYS, weight / total)).toBeLessThan(5);
        }
      }),
      { numRuns: 15, seed: 11 },
    );
  });

  test("two rollouts part the same keys independently of each other", () => {
    const keys = keysOf("user");
    const both = keys.filter(
      (key) =>
        chosen({ a: 50, b: 50 }, key, "first") === "a" && chosen({ a: 50, b: 50 }, key, "second") === "a",
    );
    expect(deviations(both.length, KEYS, 0.25)).toBeLessThan(5);
  });
});

describe("stickiness", () => {
  const key = fc.string({ maxLength: 40 });

  test("a key keeps its arm, whatever the order of the arms and the scale of the weights", () => {
    fc.assert(
      fc.property(fewArms, key, fc.double({ min: 0.001, max: 1000, noNaN: true }), (weights, user, scale) => {
        const before = chosen(weights, user);
        const reversed = Object.fromEntries(Object.entries(weights).reverse());
        const scaled = Object.fromEntries(
          Object.entries(weights).map(([arm, weight]) => [arm, weight * scale]),
        );
        expect(chosen(weights, user)).toBe(before);
        expect(chosen(reversed, user)).toBe(before);
        expect(chosen(scaled, user)).toBe(before);
      }),
    );
  });

  test("raising an arm's weight moves keys to it and nowhere else", () => {
    fc.assert(
      fc.property(fewArms, key, fc.nat(), fc.integer({ min: 1, max: 500 }), (weights, user, pick, more) => {
        const names = Object.keys(weights);
        const raised = names[pick % names.length] ?? "";
        const before = chosen(weights, user);
        const after = chosen({ ...weights, [raised]: (weights[raised] ?? 0) + more }, user);
        expect([before, raised]).toContain(after);
      }),
    );
  });

  test("a canary that grows from 0 to 100 takes each key once and gives none back", () => {
    for (const user of keysOf("user", 500)) {
      let taken = false;
      for (let weight = 0; weight <= 100; weight += 5) {
        const arm = chosen({ stable: 100 - weight, candidate: weight }, user, "canary");
        if (taken) expect(arm).toBe("candidate");
        taken = arm === "candidate";
      }
      expect(taken).toBe(true);
    }
  });

  test("an arm that goes away moves its own keys alone", () => {
    fc.assert(
      fc.property(fewArms, key, (weights, user) => {
        const names = Object.keys(weights);
        const gone = names.at(-1) ?? "";
        const before = chosen(weights, user);
        if (before === gone) return;
        expect(chosen({ ...weights, [gone]: 0 }, user)).toBe(before);
      }),
    );
  });
});

test("all weights 0: the first arm has everything", () => {
  expect(chosen({ control: 0, brief: 0 }, "anyone")).toBe("control");
  expect(chooseArm(fakeRollout({ control: 0, brief: 0 }), null, () => 0.999)?.name).toBe("control");
});

describe("a bucket", () => {
  test("is the weight from which on the key is the arm's", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 30 }), (user) => {
        const rollout = fakeRollout({ stable: 95, candidate: 5 }, "canary");
        const [, candidate] = rollout.arms;
        if (candidate === undefined) throw new Error("no candidate");
        const bucket = bucketOf(rollout, candidate, user);
        const at = (weight: number) => chosen({ stable: 100 - weight, candidate: weight }, user, "canary");
        if (bucket > 0.001) expect(at(bucket - 0.001)).toBe("stable");
        if (bucket < 99.999) expect(at(bucket + 0.001)).toBe("candidate");
      }),
    );
  });

  test("is uniform over keys, also among many arms", () => {
    const rollout = fakeRollout({ a: 10, b: 20, c: 30, d: 40 });
    const [arm] = rollout.arms;
    if (arm === undefined) throw new Error("no arm");
    const below = keysOf("user").filter((user) => bucketOf(rollout, arm, user) < 30);
    expect(deviations(below.length, KEYS, 0.3)).toBeLessThan(5);
  });

  test("says the same where the other arm has weight 0, and 0 for an arm that stands alone", () => {
    const bucketAt = (weight: number) => {
      const rollout = fakeRollout({ stable: 100 - weight, candidate: weight });
      const candidate = rollout.arms[1] ?? fakeArm("", 0);
      return bucketOf(rollout, candidate, "u");
    };
    expect(bucketAt(100)).toBeCloseTo(bucketAt(5), 9);
    const alone = fakeRollout({ only: 100 });
    expect(alone.arms.map((arm) => bucketOf(alone, arm, "u"))).toEqual([0]);
  });
});

describe("a share", () => {
  test("is exact over keys, and raising it loses nobody", () => {
    const seed = seedOf("shadow");
    for (const percent of [0, 1, 10, 50, 100]) {
      const inside = keysOf("user").filter((key) => inShare(seed, key, percent, never));
      expect(deviations(inside.length, KEYS, percent / 100)).toBeLessThan(5);
      for (const key of inside) expect(inShare(seed, key, Math.min(100, percent + 7), never)).toBe(true);
    }
  });

  test("without a key is drawn", () => {
    expect(inShare(1, null, 10, () => 0.0999)).toBe(true);
    expect(inShare(1, null, 10, () => 0.1)).toBe(false);
  });
});
