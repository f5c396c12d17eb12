/** Deployments that the tests of the ladder climb, and what they ask of the stage afterwards. */
import type { Attempt } from "../core/decision.ts";
import { deployment } from "./fake-plan.ts";
import type { Stage } from "./fake-provider.ts";

/** Two accounts in one region, another region, another model. */
export const [usOne, usTwo, eu, other] = [
  deployment("us-1", { region: "us" }),
  deployment("us-2", { region: "us" }),
  deployment("eu", { region: "eu" }),
  deployment("other", { provider: "umbrella", region: "us" }),
];
export const usual = [[usOne], [eu], [other]];

export const ids = (on: Stage) => on.calls.map((call) => call.deployment.id);

export const inFlight = (on: Stage) =>
  on.health.report(on.clock.now()).reduce((sum, row) => sum + row.inFlight, 0);

/** A call for a summary, before the first one for the answer. */
export function aSummary(result: "ok" | "fault"): Attempt {
  return {
    rung: "fallback",
    deployment: "small",
    model: "small",
    provider: "acme",
    region: "us",
    result,
    startedAtMs: 0,
    waitedMs: 0,
    durationMs: 5,
    cost: null,
    purpose: "overflow_summary",
  };
}
