/** What routing costs by the number of rules. Bars: < 10 µs with 20, < 25 µs with 1,000. */
import { seededRandom } from "../../src/core/clock.ts";
import { planRoute, resolveUseCase } from "../../src/policy/routing/plan.ts";
import { type Measure, microsecondsOf } from "./measure.ts";
import { asking, compiled, rulesPolicy } from "./subjects.ts";

export function measureRouting(): Measure {
  const route = {
    "20": routeCost(20, 1),
    "1000": routeCost(1000, 50),
    "1000_in_one_use_case": routeCost(1000, 1),
  };
  return {
    lines: Object.entries(route).map(([rules, cost]) => [
      `routing, rules: ${rules.replaceAll("_", " ")}`,
      `${cost} µs`,
    ]),
    figures: { route_us: route },
  };
}

/** Median microseconds a decision, from the caller's name for the use case to the plan, no rule matching. */
function routeCost(rules: number, useCases: number): number {
  const snapshot = compiled(rulesPolicy(rules, useCases));
  const random = seededRandom(1);
  const health = { healthy: () => true, firstTokenMs: () => 100, inFlight: () => 1 };
  const caller = { keyId: "k", tenant: "acme", tier: "standard", role: "caller", useCases: null } as const;
  const requests = Array.from({ length: useCases }, (_, i) => asking(`u${i}`, "Where is my parcel?"));
  const decide = (i: number) => {
    const request = requests[i % useCases];
    if (request === undefined) throw new Error("there is no such use case");
    const useCase = resolveUseCase(snapshot, request.target, caller);
    if (!useCase.ok) throw new Error(useCase.fault.message);
    const now = 1_780_000_000_000 + i;
    return planRoute({
      snapshot,
      useCase: useCase.value,
      request,
      caller,
      health,
      now,
      estimatedInputTokens: 50,
      random,
    });
  };
  return microsecondsOf(decide);
}
