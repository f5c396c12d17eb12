/** What the choice of an arm costs. Bar: < 2 µs. */
import { seededRandom } from "../../src/core/clock.ts";
import { chooseArm } from "../../src/policy/rollouts/choose.ts";
import { digestOfUser, stickyKey } from "../../src/policy/rollouts/sticky-key.ts";
import { type Measure, microsecondsOf } from "./measure.ts";
import { compiled, rulesPolicy } from "./subjects.ts";

export function measureArms(): Measure {
  const arms = { "2": armCost(2), "8": armCost(8) };
  return {
    lines: Object.entries(arms).map(([count, cost]) => [`choosing an arm of ${count}`, `${cost} µs`]),
    figures: { arm_us: arms },
  };
}

/** Median microseconds to find the arm of a user among `arms`, each with the same weight. */
function armCost(arms: number): number {
  const weighted = Array.from({ length: arms }, (_, i) => `arm-${i}: { weight: ${100 / arms} }`);
  const text = `${rulesPolicy(1, 1)}rollouts:\n  - { name: bench, canary: { arms: { ${weighted.join(", ")} } } }\n`;
  const rollout = compiled(text).useCases.get("u0")?.rollouts[0];
  if (rollout === undefined) throw new Error("there is no rollout");
  const caller = {
    keyId: "web-shop",
    tenant: "acme",
    tier: "standard",
    role: "caller",
    useCases: null,
  } as const;
  const users = Array.from({ length: 1000 }, (_, i) =>
    digestOfUser(`6f1c2a7e-8b1d-4c53-9d0e-${String(i).padStart(12, "0")}`),
  );
  const random = seededRandom(1);
  return microsecondsOf((i) =>
    chooseArm(rollout, stickyKey(rollout.sticky, caller, users[i % users.length]), random),
  );
}
