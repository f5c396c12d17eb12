/** Limits, timeouts, circuit and retry settings of a document, in the units the gateway uses. */
import type { AttemptTimeouts, TimeoutsByTier } from "../../core/deployment.ts";
import type { ActivationGuard, CircuitSettings, RetrySettings, TierLimits } from "../../core/settings.ts";
import type { PolicyDocument } from "../document/document.ts";
import { milliseconds } from "../document/fields.ts";
import { percentOf } from "../document/rollouts.ts";

export function compileTimeouts({ timeouts }: PolicyDocument): TimeoutsByTier {
  const compile = (tier: PolicyDocument["timeouts"]["batch"]): AttemptTimeouts => ({
    connect: milliseconds(tier.connect),
    firstToken: milliseconds(tier.first_token),
    idle: milliseconds(tier.idle),
    total: milliseconds(tier.total),
  });
  return {
    interactive: compile(timeouts.interactive),
    standard: compile(timeouts.standard),
    batch: compile(timeouts.batch),
  };
}

export function compileActivation({ activation }: PolicyDocument): ActivationGuard | null {
  if (activation === undefined) return null;
  return {
    watchMs: milliseconds(activation.watch),
    maxIncrease: percentOf(activation.max_error_rate_increase) / 100,
    minRequests: activation.min_requests,
  };
}

export function compileCircuit({ circuit }: PolicyDocument): CircuitSettings {
  return {
    consecutiveFailures: circuit.consecutive_failures,
    failureRatio: circuit.failure_ratio,
    slowRatio: circuit.slow_ratio,
    slowMs: milliseconds(circuit.slow_after),
    minimumCalls: circuit.minimum_calls,
    windowMs: milliseconds(circuit.window),
    openMs: milliseconds(circuit.open_for),
    maxOpenMs: milliseconds(circuit.max_open),
    probes: circuit.probes,
  };
}

export function compileRetry({ retry }: PolicyDocument): RetrySettings {
  return {
    budgetRatio: retry.budget_ratio,
    budgetPerSecond: retry.budget_per_second,
    backoffBaseMs: milliseconds(retry.backoff_base),
    backoffMaxMs: milliseconds(retry.backoff_max),
    maxRetryAfterMs: milliseconds(retry.max_retry_after),
  };
}

export function compileLimits({ limits }: PolicyDocument): ReadonlyMap<string, TierLimits> {
  return new Map(
    Object.entries(limits.tiers).map(([tier, written]) => [
      tier,
      {
        requestsPerMinute: written.requests_per_minute ?? null,
        concurrentRequests: written.concurrent_requests ?? null,
      },
    ]),
  );
}
