/** Decisions to store: realistic in size and shape, ordered by number. */
import type { Decision } from "../../../src/core/decision.ts";
import type { Activation } from "../../../src/store/activation-store.ts";
import { type DecisionRecord, recordOf } from "../../../src/store/decision-store.ts";

const usage = {
  inputTokens: 120,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  outputTokens: 80,
  reasoningTokens: 0,
};

/** The id of decision `n`; ids sort as their numbers do. */
export function decisionId(n: number): string {
  return `dec_${n.toString().padStart(19, "0")}`;
}

/** About 1 KB as JSON. */
export function aDecision(n: number, overrides: Partial<Decision> = {}): Decision {
  return {
    id: decisionId(n),
    requestId: `req_${n.toString().padStart(19, "0")}`,
    traceId: "4bf92f3577b34da6a3ce929d0e0e4736",
    at: 1_700_000_000_000 + n,
    keyId: "demo",
    tenant: "acme",
    tier: "standard",
    wire: "openai-chat",
    useCase: "support-chat",
    rule: "default",
    policyVersion: "example@0123456789ab",
    stream: false,
    contract: {},
    estimatedInputTokens: 120,
    refusals: [],
    attempts: [
      {
        rung: "primary",
        deployment: "large-east",
        model: "large",
        provider: "openai",
        region: "us-east-1",
        result: "ok",
        startedAtMs: 1,
        waitedMs: 0,
        durationMs: 812,
        firstTokenMs: 120,
        usage,
        cost: 1_234_567,
      },
    ],
    outcome: "answered",
    status: 200,
    rung: "primary",
    degraded: null,
    model: "large",
    modelVersion: "2025-01-01",
    provider: "openai",
    region: "us-east-1",
    finish: { unified: "stop", raw: "stop" },
    fault: null,
    usage,
    cost: 1_234_567,
    warnings: [],
    durationMs: 812,
    firstTokenMs: 120,
    simulated: false,
    ...overrides,
  };
}

/** Decisions `from` to `to`, the last one excluded. */
export function decisions(from: number, to: number): Decision[] {
  return Array.from({ length: to - from }, (_, i) => aDecision(from + i));
}

export function anActivation(n: number, overrides: Partial<Activation> = {}): Activation {
  return {
    id: `act_${n.toString().padStart(19, "0")}`,
    at: 1_700_000_000_000 + n,
    actor: "ops",
    source: "file:policy.yaml",
    result: "activated",
    version: `example@${n}`,
    previousVersion: n === 0 ? null : `example@${n - 1}`,
    changes: ["use_cases.support-chat.ladder"],
    findings: [],
    ...overrides,
  };
}

/** As the queue hands them to a store. */
export function recordsOf(batch: readonly Decision[]): readonly DecisionRecord[] {
  return batch.map(recordOf);
}
