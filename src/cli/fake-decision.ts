/** A decision record as the gateway keeps it, for tests: a region fell out, another one answered. */
import type { Attempt, Decision } from "../core/decision.ts";

const FAILED: Attempt = {
  rung: "primary",
  deployment: "atlas-large-us",
  model: "atlas-large",
  provider: "sim",
  region: "us-east-1",
  result: "fault",
  fault: { kind: "outage", code: "http_503", cause: { status: 503, detail: "region is down" } },
  startedAtMs: 2,
  waitedMs: 0,
  durationMs: 40,
  cost: 0,
};

const ANSWERED: Attempt = {
  rung: "cross-region",
  deployment: "atlas-large-eu",
  model: "atlas-large",
  provider: "sim",
  region: "eu-west-1",
  result: "ok",
  startedAtMs: 142,
  waitedMs: 100,
  durationMs: 260,
  firstTokenMs: 90,
  usage: { inputTokens: 12, cacheReadTokens: 0, cacheWriteTokens: 0, outputTokens: 34, reasoningTokens: 0 },
  cost: 546_000,
};

/** `number` tells records apart and orders them by arrival, a second each. */
export function fakeDecision(number: number, changes: Partial<Decision> = {}): Decision {
  return {
    id: `dec_${String(number).padStart(4, "0")}`,
    requestId: `req_${number}`,
    traceId: "0af7651916cd43dd8448eb211c80319c",
    at: 1_700_000_000_000 + number * 1000,
    keyId: "demo",
    tenant: "demo",
    tier: "premium",
    wire: "openai-chat",
    useCase: "support-chat",
    rule: "default",
    policyVersion: "example@0123456789ab",
    stream: true,
    contract: {},
    estimatedInputTokens: 12,
    refusals: [
      {
        deployment: "nimbus-small-eu",
        rung: "fallback",
        constraint: "capability",
        reason: "The request needs vision.",
      },
    ],
    attempts: [FAILED, ANSWERED],
    outcome: "answered",
    status: 200,
    rung: "cross-region",
    degraded: null,
    model: "atlas-large",
    modelVersion: "2026-05",
    provider: "sim",
    region: "eu-west-1",
    finish: { unified: "stop", raw: "stop" },
    fault: null,
    usage: { inputTokens: 12, cacheReadTokens: 0, cacheWriteTokens: 0, outputTokens: 34, reasoningTokens: 0 },
    cost: 546_000,
    warnings: ["logprobs"],
    durationMs: 402,
    firstTokenMs: 232,
    simulated: true,
    ...changes,
  };
}
