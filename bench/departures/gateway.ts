/** The data plane without sockets or a disk, for callers who leave. Owns its policy and what it has recorded. */
import { seededRandom } from "../../src/core/clock.ts";
import type { Decision } from "../../src/core/decision.ts";
import { createIds } from "../../src/core/ids.ts";
import { createAdmission } from "../../src/gateway/admit.ts";
import { DEFAULT_INGRESS_LIMITS, type Gateway } from "../../src/gateway/gateway.ts";
import { createGatewayMetrics } from "../../src/gateway/metrics/gateway-metrics.ts";
import { systemClock } from "../../src/main/system.ts";
import { snapshotOf } from "../../src/policy/fake-policy.ts";
import { fetchTransport } from "../../src/providers/fetch-transport.ts";
import { createHealth } from "../../src/resilience/health.ts";
import { createRetryBudget } from "../../src/resilience/retry-budget.ts";
import type { DecisionQueue } from "../../src/store/decision-queue.ts";
import type { Manner } from "./fake-upstream.ts";

const MANNERS: readonly Manner[] = ["silent", "headers", "words", "throttled", "failing"];

/** Patient with providers, so that whatever ends a call is its caller; and one use case for each of their manners. */
function policyText(): string {
  const each = (line: (manner: Manner) => string) => MANNERS.map(line).join("\n");
  return `version: 1
name: departures
providers:
${each((manner) => `  ${manner}: { kind: openai-compatible, base_url: "http://127.0.0.1:1/${manner}/v1", credential: none }`)}
models:
${each((manner) => `  ${manner}: { context_window: 32000, prices: { input: 3, output: 15 } }`)}
deployments:
${each((manner) => `  ${manner}-us: { model: ${manner}, provider: ${manner}, model_id: m, region: us-east-1 }\n  ${manner}-eu: { model: ${manner}, provider: ${manner}, model_id: m, region: eu-west-1 }`)}
use_cases:
${each((manner) => `  ${manner}: { latency_tier: interactive, deadline: 5m, ladder: { primary: ${manner}@us-east-1, cross_region: none } }`)}
  hedged: { latency_tier: interactive, deadline: 5m, hedge: { after: 5ms, max_share: 1 }, ladder: { primary: silent@us-east-1 } }
  probing: { latency_tier: interactive, deadline: 5m, max_attempts: 1, ladder: { primary: headers@eu-west-1, cross_region: none, degraded: [{ busy: { message: Later. } }] } }
timeouts:
  interactive: { connect: 4m, first_token: 4m, idle: 4m, total: 4m }
retry: { budget_per_second: 100000, backoff_base: 1m, backoff_max: 1m, max_retry_after: 1m }
circuit: { open_for: 1ms, max_open: 10m, probes: 1 }
`;
}

export interface RecordingGateway {
  readonly gateway: Gateway;
  /** How many requests ended how: once each, if all is well. */
  readonly outcomes: ReadonlyMap<Decision["outcome"], number>;
  /** How many of them had two calls at once. */
  readonly hedged: number;
  /** The record that came last. */
  last(): Decision | null;
  readonly internal: readonly unknown[];
  /** Counts outcomes anew. */
  forget(): void;
}

export function createRecordingGateway(): RecordingGateway {
  const clock = systemClock();
  const snapshot = snapshotOf(policyText());
  const health = createHealth(clock);
  health.reconfigure(snapshot.deployments, snapshot.circuit);
  const outcomes = new Map<Decision["outcome"], number>();
  const internal: unknown[] = [];
  let hedged = 0;
  let last: Decision | null = null;
  const decisions: DecisionQueue = {
    push(decision) {
      outcomes.set(decision.outcome, (outcomes.get(decision.outcome) ?? 0) + 1);
      if (decision.attempts.some(({ hedge }) => hedge)) hedged++;
      last = decision;
    },
    flush: async () => true,
    stats: () => ({ depth: 0, written: 0, failed: 0, lastError: null, dropped: { full: 0, closed: 0 } }),
    close: () => {},
  };
  const admission = createAdmission();
  const gateway: Gateway = {
    snapshot: () => snapshot,
    clock,
    random: seededRandom(1),
    ids: createIds(clock, seededRandom(2)),
    authorize: () => undefined,
    transport: fetchTransport,
    health,
    retryBudget: createRetryBudget(snapshot.retry),
    admission,
    decisions,
    metrics: createGatewayMetrics({
      health,
      admission,
      decisions,
      policyVersion: () => snapshot.version,
      policyStatus: () => ({}),
      startedAt: clock.now(),
      now: clock.now,
    }),
    ingress: DEFAULT_INGRESS_LIMITS,
    reportInternal: (_id, thrown) => void internal.push(thrown),
  };
  return {
    gateway,
    outcomes,
    internal,
    get hedged() {
      return hedged;
    },
    last: () => last,
    forget() {
      outcomes.clear();
      hedged = 0;
    },
  };
}
