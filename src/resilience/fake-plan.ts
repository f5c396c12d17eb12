/** Deployments, plans and settings for tests, each complete and each changeable field by field. */
import type { Deployment, ModelSpec } from "../core/deployment.ts";
import type { RoutePlan, Rung, RungKind } from "../core/plan.ts";
import type { CircuitSettings, RetrySettings } from "../core/settings.ts";

export const circuitSettings: CircuitSettings = {
  consecutiveFailures: 3,
  failureRatio: 0.5,
  slowRatio: 0.8,
  slowMs: 1000,
  minimumCalls: 10,
  windowMs: 10_000,
  openMs: 5000,
  maxOpenMs: 60_000,
  probes: 1,
};

export const retrySettings: RetrySettings = {
  budgetRatio: 0.2,
  budgetPerSecond: 10,
  backoffBaseMs: 100,
  backoffMaxMs: 2000,
  maxRetryAfterMs: 3000,
};

const model: ModelSpec = {
  id: "large",
  role: "generalist",
  version: "1",
  status: "approved",
  contextWindow: 8000,
  maxOutputTokens: 1000,
  capabilities: new Set(),
  safetyLevel: "regulated",
  limitations: [],
};

/** Its own provider, region and quota group, unless `change` says otherwise. */
export function deployment(id: string, change: Partial<Deployment> = {}, window = 8000): Deployment {
  return {
    id,
    model: { ...model, contextWindow: window },
    kind: "openai-compatible",
    provider: "acme",
    wire: "openai-chat",
    embeddingWire: null,
    endpoint: { type: "plain" },
    baseUrl: "https://acme.example/v1",
    modelId: "large-1",
    region: `region-of-${id}`,
    regions: [`region-of-${id}`],
    quotaGroup: `quota-of-${id}`,
    credential: { type: "none" },
    headers: {},
    weight: 1,
    unsupported: new Set(),
    simulated: true,
    ...change,
  };
}

/** As a snapshot holds them. */
export function byId(deployments: readonly Deployment[]): ReadonlyMap<string, Deployment> {
  return new Map(deployments.map((each) => [each.id, each]));
}

const KINDS: readonly RungKind[] = ["primary", "cross-region", "fallback"];

/** One rung a list, in the usual order of kinds. */
export function plan(rungs: readonly (readonly Deployment[])[], change: Partial<RoutePlan> = {}): RoutePlan {
  return {
    useCase: "support-chat",
    rule: "default",
    policyVersion: "test@1",
    rungs: rungs.map(
      (candidates, index): Rung => ({
        kind: KINDS[index] ?? "fallback",
        model: "large",
        selection: "weighted",
        candidates,
      }),
    ),
    refusals: [],
    degraded: [],
    taskType: "chat",
    latencyTier: "interactive",
    safetyLevel: "standard",
    deadlineMs: 30_000,
    costCeiling: null,
    maxAttempts: 3,
    streamRecovery: "fail",
    hedge: null,
    exercise: false,
    timeouts: { connect: 1000, firstToken: 4000, idle: 4000, total: 20_000 },
    estimatedInputTokens: 100,
    estimatedOutputTokens: 100,
    choices: 1,
    maxOutputTokens: null,
    ...change,
  };
}
