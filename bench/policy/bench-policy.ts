/** The policy that Pointsman is measured under: the size and shape of a real one. Measures nothing. */
import { MODELS } from "../payload.ts";

export interface PolicyPorts {
  /** Where the fixed answer is served, and where the streams are. */
  readonly chat: number;
  readonly streams: number;
}

/** Environment variable that holds the provider's key. */
export const UPSTREAM_KEY_VARIABLE = "BENCH_UPSTREAM_KEY";

/**
 * Two regions and a fallback model, three rules whose conditions are all evaluated and do not hold, a key
 * stored as its SHA-256, limits that count but never bite, prices, a cost ceiling, residency.
 */
export function policyText(keySha256: string, ports: PolicyPorts): string {
  const provider = (base: string) =>
    `{ kind: openai-compatible, base_url: "${base}", credential: { env: ${UPSTREAM_KEY_VARIABLE} } }`;
  return `version: 1
name: bench
providers:
  chat: ${provider(`http://127.0.0.1:${ports.chat}/v1`)}
  slow: ${provider(`http://127.0.0.1:${ports.streams}/slow/v1`)}
  fast: ${provider(`http://127.0.0.1:${ports.streams}/fast/v1`)}
models:
  large: &large
    role: large generalist
    version: "2026-01"
    context_window: 128000
    max_output_tokens: 4096
    safety_level: high
    capabilities: [tools, json_mode, json_schema, seed]
    prices: { input: 2.5, output: 10, cache_read: 1.25 }
  small: { <<: *large, role: small and fast, prices: { input: 0.15, output: 0.6 } }
deployments:
  large-eu: { model: large, provider: chat, model_id: bench-large-1, region: eu-central-1 }
  large-us: { model: large, provider: chat, model_id: bench-large-1, region: us-east-1 }
  small-eu: { model: small, provider: chat, model_id: bench-small-1, region: eu-central-1 }
  large-slow: { model: large, provider: slow, model_id: bench-large-1, region: eu-west-1 }
  large-fast: { model: large, provider: fast, model_id: bench-large-1, region: eu-west-2 }
use_cases:
  ${MODELS.chat}: &use_case
    description: Answers customers of the web shop.
    task_type: chat
    latency_tier: interactive
    safety_level: standard
    residency: [eu-*, us-*]
    deadline: 20s
    cost_ceiling_usd: 0.5
    ladder: &ladder
      primary: { model: large, regions: [eu-central-1] }
      cross_region: { regions: [us-east-1] }
      fallback: [small]
      degraded:
        - template: { message: "Sorry, {{use_case}} is not available. Reference: {{request_id}}." }
        - busy: { message: "Please come back in a moment.", status: 503, retry_after: 10s }
  ${MODELS.slow}:
    <<: *use_case
    ladder: { <<: *ladder, primary: { deployments: [large-slow] } }
  ${MODELS.fast}:
    <<: *use_case
    ladder: { <<: *ladder, primary: { deployments: [large-fast] } }
routes:
  - name: long-premium
    when: caller.tier == "premium" && signals.input_tokens > 4000
    ladder: { primary: large, fallback: [small] }
  - name: night-summaries
    when: request.task_type == "summarization" && (signals.hour >= 22 || signals.hour < 6)
    ladder: { primary: small }
  - name: slow-region
    when: signals.first_token_ms["large-eu"] > 60000.0 || !signals.healthy["large-eu"]
    ladder: { primary: large@us-east-1, fallback: [small] }
keys:
  - { id: web-shop, sha256: ${keySha256}, tenant: retail, tier: standard, role: caller }
limits:
  tiers:
    standard: { requests_per_minute: 100000000, concurrent_requests: 100000 }
`;
}
