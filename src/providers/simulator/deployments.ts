/** The simulated deployments as they run: counts, quotas and request numbers. Knows no socket. */
import { createPromptCache, type PromptCache } from "./prompt-cache.ts";
import { createQuota, type Quota } from "./quota.ts";
import type { Scenario, SimulatedDeployment } from "./scenario.ts";

/** Counts of one deployment since the simulator started. */
export interface DeploymentStats {
  requests: number;
  /** Answered to the end, without a fault. */
  answered: number;
  /** Hit by a fault, by its kind. */
  readonly faults: Record<string, number>;
  /** Refused by the quota. */
  throttled: number;
  /** Given up by the client. */
  cancelled: number;
  /** Under way now. */
  active: number;
  inputTokens: number;
  outputTokens: number;
}

export interface RunningDeployment {
  readonly settings: SimulatedDeployment;
  readonly quota: Quota;
  readonly promptCache: PromptCache;
  readonly stats: DeploymentStats;
  /** Numbers its requests from 0, in the order they arrived. */
  nextRequest(): number;
}

/** What else a deployment is called that the scenario does not name; null: nothing is known of it. */
export type NamesOf = (id: string) => Pick<SimulatedDeployment, "model" | "region"> | null;

export interface RunningDeployments {
  /** Made with the scenario's defaults, and the names that are known, where it does not name the deployment. */
  get(id: string): RunningDeployment;
  stats(): Readonly<Record<string, DeploymentStats>>;
}

/** Names the scenario does not know come from the URL; past this many they share one deployment. */
const MAX_UNNAMED = 1_000;
const SHARED = "others";

export function createDeployments(
  scenario: Scenario,
  startedAt: number,
  namesOf: NamesOf,
): RunningDeployments {
  const running = new Map<string, RunningDeployment>();
  for (const [id, settings] of scenario.deployments) running.set(id, start(settings, startedAt));
  const get = (id: string): RunningDeployment => {
    const known = running.get(id);
    if (known) return known;
    if (running.size >= scenario.deployments.size + MAX_UNNAMED && id !== SHARED) return get(SHARED);
    const fresh = start({ ...scenario.defaults, id, model: id, ...namesOf(id) }, startedAt);
    running.set(id, fresh);
    return fresh;
  };
  return {
    get,
    stats: () => Object.fromEntries([...running].map(([id, deployment]) => [id, copy(deployment.stats)])),
  };
}

function start(settings: SimulatedDeployment, startedAt: number): RunningDeployment {
  let requests = 0;
  return {
    settings,
    quota: createQuota(settings, startedAt),
    promptCache: createPromptCache(),
    stats: {
      requests: 0,
      answered: 0,
      faults: {},
      throttled: 0,
      cancelled: 0,
      active: 0,
      inputTokens: 0,
      outputTokens: 0,
    },
    nextRequest: () => requests++,
  };
}

function copy(stats: DeploymentStats): DeploymentStats {
  return { ...stats, faults: { ...stats.faults } };
}
