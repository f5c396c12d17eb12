/**
 * The metrics of routing and rollouts, by name. Owns what is counted by rule and by arm; labels are names from the
 * policy alone.
 */
import type { Decision } from "../../core/decision.ts";
import type { ShadowSkip } from "../shadow/shadow-port.ts";
import type { Registry } from "./registry.ts";

export interface RolloutMetrics {
  record(decision: Decision): void;
  shadow(decision: Decision): void;
  shadowSkipped(rollout: string, why: ShadowSkip): void;
}

const SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const NONE = "none";

export function createRolloutMetrics(registry: Registry): RolloutMetrics {
  const routed = registry.counter(
    "pointsman_routed_total",
    "Requests by the policy version, rule and arm that decided them, and their outcome.",
    ["policy_version", "use_case", "rule", "rollout", "arm", "outcome"],
  );
  const firstToken = registry.histogram(
    "pointsman_arm_first_token_seconds",
    "From a request's arrival to its first content, streamed answers only, by arm.",
    ["rollout", "arm"],
    SECONDS,
  );
  const cost = registry.counter("pointsman_arm_cost_nanodollars_total", "Cost in 1e-9 USD, by arm.", [
    "rollout",
    "arm",
  ]);
  const shadows = registry.counter(
    "pointsman_shadow_total",
    "Copies of requests for candidates by outcome, those that were left out included.",
    ["rollout", "outcome"],
  );
  const shadowCost = registry.counter(
    "pointsman_shadow_cost_nanodollars_total",
    "Cost of copies in 1e-9 USD.",
    ["rollout"],
  );
  return {
    record({ policyVersion, useCase, rule, experiment, outcome, firstTokenMs, cost: spent }) {
      if (useCase === null) return;
      const rollout = experiment?.rollout ?? NONE;
      const arm = experiment?.arm ?? NONE;
      routed.add(1, policyVersion, useCase, rule ?? NONE, rollout, arm, outcome);
      if (experiment === undefined) return;
      if (firstTokenMs !== null) firstToken.observe(firstTokenMs / 1000, rollout, arm);
      if (spent !== null && spent > 0) cost.add(spent, rollout, arm);
    },
    shadow({ experiment, outcome, cost: spent }) {
      const rollout = experiment?.rollout ?? NONE;
      shadows.add(1, rollout, outcome);
      if (spent !== null && spent > 0) shadowCost.add(spent, rollout);
    },
    shadowSkipped(rollout, why) {
      shadows.add(1, rollout, `skipped_${why}`);
    },
  };
}
