/** What hedging, exercise and probes add to the metrics. Owns their names; labels are names from the policy alone. */
import type { Decision } from "../../core/decision.ts";
import type { Deployment } from "../../core/deployment.ts";
import type { ProbeResult } from "../../resilience/prober.ts";
import type { createRegistry } from "./registry.ts";

export interface ResilienceMetrics {
  /** One finished request. */
  record(decision: Decision): void;
  /** One call that nobody asked for; `ok`: the deployment answered. */
  probe(deployment: Deployment, ok: boolean, result: ProbeResult): void;
}

export function createResilienceMetrics(registry: ReturnType<typeof createRegistry>): ResilienceMetrics {
  const hedges = registry.counter(
    "pointsman_hedges_total",
    "Second calls beside a slow first one, by what became of them: ok, hedged_out or fault.",
    ["use_case", "deployment", "result"],
  );
  const exercised = registry.counter(
    "pointsman_exercised_total",
    "Requests that started at a later rung so that it is known to work, by the rung that served.",
    ["use_case", "rung", "outcome"],
  );
  const probes = registry.counter(
    "pointsman_probes_total",
    "Calls that the gateway made of its own accord; kind is the fault they met.",
    ["deployment", "result", "kind"],
  );
  const probeCost = registry.counter(
    "pointsman_probe_cost_nanodollars_total",
    "Cost of those calls in 1e-9 USD; it is in no other figure.",
    ["deployment"],
  );
  return {
    record({ useCase, rung, outcome, attempts, exercise }) {
      const name = useCase ?? "none";
      if (exercise) exercised.add(1, name, rung ?? "none", outcome);
      for (const { hedge, deployment, result } of attempts) {
        if (hedge) hedges.add(1, name, deployment, result);
      }
    },
    probe({ id }, ok, { fault, cost }) {
      probes.add(1, id, ok ? "ok" : "fault", fault?.kind ?? "none");
      if (cost !== null && cost > 0) probeCost.add(cost, id);
    },
  };
}
