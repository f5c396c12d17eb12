/** The metrics of the data plane, by name. Owns what is counted; labels are names from the policy alone. */
import type { Attempt, Decision } from "../../core/decision.ts";
import { FAULTS } from "../../core/faults.ts";
import type { Health } from "../../resilience/health.ts";
import type { DecisionQueue } from "../../store/decision-queue.ts";
import type { Admission } from "../admit.ts";
import type { ShadowSkip } from "../shadow/shadow-port.ts";
import { createJobMetrics, type JobMetrics } from "./job-metrics.ts";
import { createRegistry, type MetricFamily } from "./registry.ts";
import { createResilienceMetrics, type ResilienceMetrics } from "./resilience-metrics.ts";
import { createRolloutMetrics } from "./rollout-metrics.ts";

export interface GatewayMetrics {
  /** One finished request. */
  record(decision: Decision): void;
  /** A stream that broke was gone on with, and how; or could not be. */
  streamRecovery(useCase: string, how: "prefill" | "fresh" | "failed"): void;
  /** The record of one copy that a candidate answered beside the live answer. */
  shadow(decision: Decision): void;
  /** A copy that was not made, and why. */
  shadowSkipped(rollout: string, why: ShadowSkip): void;
  /** A request refused before its caller was known. */
  refused(code: string): void;
  /** A call that the gateway made of its own accord. */
  readonly probe: ResilienceMetrics["probe"];
  policyActivation(result: "activated" | "refused"): void;
  readonly jobs: JobMetrics;
  /** What there is, for the documentation. */
  readonly families: readonly MetricFamily[];
  /** Prometheus text. */
  render(): string;
}

export interface MetricSources {
  readonly health: Health;
  readonly admission: Admission;
  readonly decisions: DecisionQueue;
  readonly policyVersion: () => string;
  /** Whether the policy's source answers, and whether a rollback holds its text back. */
  readonly policyStatus: () => {
    readonly source?: { readonly kind: string; readonly ok: boolean; readonly lastOkAt: number | null };
    readonly pinned?: object | null;
  };
  readonly startedAt: number;
  readonly now: () => number;
}

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const CIRCUIT_LEVEL = { closed: 0, "half-open": 1, open: 2 } as const;

export function createGatewayMetrics(sources: MetricSources): GatewayMetrics {
  const registry = createRegistry();
  const requests = registry.counter(
    "pointsman_requests_total",
    "Requests by use case, outcome and the rung that served.",
    ["use_case", "outcome", "rung", "status"],
  );
  const duration = registry.histogram(
    "pointsman_request_duration_seconds",
    "From arrival to the last byte of the answer.",
    ["use_case"],
    SECONDS,
  );
  const firstToken = registry.histogram(
    "pointsman_first_token_seconds",
    "From an attempt's start to its first content, streamed answers only.",
    ["deployment"],
    SECONDS,
  );
  const attempts = registry.counter(
    "pointsman_attempts_total",
    "Calls to deployments by result; blame tells provider outage, quota and application bug apart.",
    ["deployment", "result", "kind", "blame"],
  );
  const recoveries = registry.counter(
    "pointsman_stream_recoveries_total",
    "Streams that broke after their first words, by how they were gone on with.",
    ["use_case", "how"],
  );
  const degraded = registry.counter("pointsman_degraded_total", "Answers without a model, by mode.", [
    "use_case",
    "mode",
  ]);
  const cache = registry.counter(
    "pointsman_cache_total",
    "Requests to use cases that keep answers, by use.",
    ["use_case", "use"],
  );
  const overflow = registry.counter(
    "pointsman_overflow_total",
    "Requests that were too long for their model, by what was done about it.",
    ["use_case", "how"],
  );
  const tokens = registry.counter("pointsman_tokens_total", "Tokens by deployment and class.", [
    "deployment",
    "class",
  ]);
  const cost = registry.counter("pointsman_cost_nanodollars_total", "Cost in 1e-9 USD.", [
    "use_case",
    "deployment",
  ]);
  const unpriced = registry.counter(
    "pointsman_unpriced_attempts_total",
    "Attempts of a model without a price; their cost is unknown, not zero.",
    ["deployment"],
  );
  const refused = registry.counter(
    "pointsman_refused_total",
    "Requests refused before the caller was known.",
    ["code"],
  );
  const activations = registry.counter("pointsman_policy_activations_total", "Policy changes by result.", [
    "result",
  ]);
  const resilience = createResilienceMetrics(registry);
  const rollouts = createRolloutMetrics(registry);
  const jobs = createJobMetrics(registry, sources.now);
  registerGauges(registry, sources);

  const recordAttempt = (attempt: Attempt, useCase: string): void => {
    const { deployment } = attempt;
    const kind = attempt.fault?.kind;
    const label = kind ?? attempt.skipped ?? "none";
    attempts.add(1, deployment, attempt.result, label, kind ? FAULTS[kind].blame : "none");
    if (attempt.firstTokenMs !== undefined) firstToken.observe(attempt.firstTokenMs / 1000, deployment);
    const { usage } = attempt;
    if (usage) {
      if (usage.inputTokens > 0) tokens.add(usage.inputTokens, deployment, "input");
      if (usage.outputTokens > 0) tokens.add(usage.outputTokens, deployment, "output");
      if (usage.cacheReadTokens > 0) tokens.add(usage.cacheReadTokens, deployment, "cache_read");
      if (usage.cacheWriteTokens > 0) tokens.add(usage.cacheWriteTokens, deployment, "cache_write");
      if (usage.reasoningTokens > 0) tokens.add(usage.reasoningTokens, deployment, "reasoning");
    }
    if (attempt.cost !== null) {
      if (attempt.cost > 0) cost.add(attempt.cost, useCase, deployment);
    } else if (attempt.result === "ok") unpriced.add(1, deployment);
  };

  return {
    streamRecovery: (useCase, how) => recoveries.add(1, useCase, how),
    record(decision) {
      const useCase = decision.useCase ?? "none";
      requests.add(1, useCase, decision.outcome, decision.rung ?? "none", String(decision.status));
      duration.observe(decision.durationMs / 1000, useCase);
      if (decision.degraded) degraded.add(1, useCase, decision.degraded);
      if (decision.cache) cache.add(1, useCase, decision.cache);
      if (decision.overflow) overflow.add(1, useCase, decision.overflow.how);
      for (const attempt of decision.attempts) recordAttempt(attempt, useCase);
      rollouts.record(decision);
      resilience.record(decision);
    },
    jobs,
    shadow: rollouts.shadow,
    probe: resilience.probe,
    shadowSkipped: rollouts.shadowSkipped,
    refused(code) {
      refused.add(1, code);
    },
    policyActivation(result) {
      activations.add(1, result);
    },
    families: registry.families,
    render: () => registry.render(),
  };
}

function registerGauges(registry: ReturnType<typeof createRegistry>, sources: MetricSources): void {
  const { health, admission, decisions } = sources;
  registry.gauge("pointsman_circuit_state", "0 closed, 1 half-open, 2 open.", ["deployment"], function* () {
    for (const row of health.report(sources.now()))
      yield [[row.deployment], CIRCUIT_LEVEL[row.state]] as const;
  });
  registry.gauge("pointsman_deployment_in_flight", "Calls under way.", ["deployment"], function* () {
    for (const row of health.report(sources.now())) yield [[row.deployment], row.inFlight] as const;
  });
  registry.gauge("pointsman_in_flight_requests", "Requests under way.", [], () => [
    [[], admission.inFlight()],
  ]);
  registry.gauge("pointsman_decisions_queued", "Decision records that wait to be written.", [], () => [
    [[], decisions.stats().depth],
  ]);
  registry.gauge("pointsman_decisions_written", "Decision records written since the start.", [], () => [
    [[], decisions.stats().written],
  ]);
  registry.gauge(
    "pointsman_decisions_dropped",
    "Decision records lost since the start.",
    ["reason"],
    function* () {
      const { full, closed } = decisions.stats().dropped;
      yield [["full"], full] as const;
      yield [["closed"], closed] as const;
    },
  );
  registry.gauge("pointsman_policy_info", "The policy version in force.", ["version"], () => [
    [[sources.policyVersion()], 1],
  ]);
  registry.gauge("pointsman_policy_source_up", "1: the policy's source answers.", ["kind"], function* () {
    const { source } = sources.policyStatus();
    if (source) yield [[source.kind], source.ok ? 1 : 0] as const;
  });
  registry.gauge(
    "pointsman_policy_source_last_answer_timestamp_seconds",
    "When the policy's source answered last, in seconds since 1970; absent: never since the start.",
    ["kind"],
    function* () {
      const { source } = sources.policyStatus();
      if (source && source.lastOkAt !== null) yield [[source.kind], source.lastOkAt / 1000] as const;
    },
  );
  registry.gauge("pointsman_policy_pinned", "1: a rollback holds the source's text back.", [], () => [
    [[], sources.policyStatus().pinned ? 1 : 0],
  ]);
  registry.gauge("process_resident_memory_bytes", "Resident memory size in bytes.", [], () => [
    [[], process.memoryUsage.rss()],
  ]);
  registry.gauge("process_uptime_seconds", "Seconds since the start.", [], () => [
    [[], (sources.now() - sources.startedAt) / 1000],
  ]);
}
