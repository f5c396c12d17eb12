/**
 * The policy that Pointsman is measured under: the size and shape of a real one; and what the policy itself
 * costs. `npx bun bench/policy.ts` times routing, the choice of an arm and the estimate of complexity in a few
 * seconds, then calls a bad canary back at a gateway of its own while requests go on; its last line is JSON. Bars:
 * routing < 10 µs with 20 rules and < 25 µs with 1,000, an arm < 2 µs, complexity p99 < 100 µs for 4 KB, rollback
 * < 1,000 ms.
 */
import { seededRandom } from "../src/core/clock.ts";
import type { ModelRequest } from "../src/core/request.ts";
import type { ConfigSnapshot } from "../src/core/snapshot.ts";
import { compilePolicy } from "../src/policy/compile.ts";
import { estimateComplexity } from "../src/policy/complexity.ts";
import { parsePolicy } from "../src/policy/load.ts";
import { planRoute, resolveUseCase } from "../src/policy/plan.ts";
import { chooseArm } from "../src/policy/rollouts/choose.ts";
import { stickyKey } from "../src/policy/rollouts/sticky-key.ts";
import { MODELS } from "./payload.ts";

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

const ROUTE_BATCH = 2000;
const ROUTE_BATCHES = 60;
const SCORES = 20_000;
const WARM_UP = 5;

/** `count` rules over `useCases` use cases, every second a table; none of them matches the bench's caller. */
function rulesPolicy(count: number, useCases: number): string {
  const ids = Array.from({ length: useCases }, (_, i) => `u${i}`);
  const ladder = "ladder: { primary: small }";
  const rules = Array.from({ length: count }, (_, i) => {
    const head = `  - { name: r${i}, use_case: u${i % useCases},`;
    return i % 2 === 0
      ? `${head} match: { tenant: t${i}, input_tokens: "> 10" }, ${ladder} }`
      : `${head} when: 'caller.tenant == "t${i}" && signals.input_tokens > 10', ${ladder} }`;
  });
  return `version: 1
name: rules
providers: { sim: { kind: simulator } }
models:
  large: { context_window: 128000, max_output_tokens: 4096, prices: { input: 2.5, output: 10 } }
  small: { context_window: 128000, max_output_tokens: 4096, prices: { input: 0.15, output: 0.6 } }
deployments:
  large-us: { model: large, provider: sim, model_id: l, region: us-east-1 }
  large-eu: { model: large, provider: sim, model_id: l, region: eu-west-1 }
  small-us: { model: small, provider: sim, model_id: s, region: us-east-1 }
use_cases:
${ids.map((id) => `  ${id}: { ladder: { primary: large@us-east-1, fallback: [small] } }`).join("\n")}
routes:
${rules.join("\n")}
`;
}

function compiled(text: string): ConfigSnapshot {
  const { document, locate, findings } = parsePolicy([{ file: "rules.yaml", text }]);
  if (document === null) throw new Error(findings[0]?.message);
  const { snapshot, findings: more } = compilePolicy(document, locate, {
    environment: null,
    credential: () => ({ type: "none" }),
    keyHash: () => null,
    simulatorUrl: "http://127.0.0.1:9",
  });
  if (snapshot === null) throw new Error(more[0]?.message);
  return snapshot;
}

function asking(target: string, text: string): ModelRequest {
  return {
    operation: "chat",
    target,
    contract: {},
    messages: [{ role: "user", content: [{ type: "text", text }] }],
    tools: [],
    sampling: {},
    responseFormat: { type: "text" },
    stream: false,
    streamUsage: false,
    strict: false,
    origin: { wire: "openai-chat", body: {}, rewritten: new Set() },
  };
}

/** Median microseconds a decision, from the caller's name for the use case to the plan, no rule matching. */
function routeCost(rules: number, useCases: number): number {
  const snapshot = compiled(rulesPolicy(rules, useCases));
  const random = seededRandom(1);
  const health = { healthy: () => true, firstTokenMs: () => 100, inFlight: () => 1 };
  const caller = { keyId: "k", tenant: "acme", tier: "standard", role: "caller", useCases: null } as const;
  const requests = Array.from({ length: useCases }, (_, i) => asking(`u${i}`, "Where is my parcel?"));
  const decide = (i: number) => {
    const request = requests[i % useCases];
    if (request === undefined) throw new Error("there is no such use case");
    const useCase = resolveUseCase(snapshot, request.target, caller);
    if (!useCase.ok) throw new Error(useCase.fault.message);
    const now = 1_780_000_000_000 + i;
    return planRoute({
      snapshot,
      useCase: useCase.value,
      request,
      caller,
      health,
      now,
      estimatedInputTokens: 50,
      random,
    });
  };
  const costs: number[] = [];
  for (let batch = 0; batch < ROUTE_BATCHES; batch++) {
    const start = Bun.nanoseconds();
    for (let i = 0; i < ROUTE_BATCH; i++) decide(i);
    if (batch >= WARM_UP) costs.push((Bun.nanoseconds() - start) / ROUTE_BATCH / 1000);
  }
  return quantile(costs, 0.5);
}

/** Median microseconds to find the arm of a user among `arms`, each with the same weight. */
function armCost(arms: number): number {
  const weighted = Array.from({ length: arms }, (_, i) => `arm-${i}: { weight: ${100 / arms} }`);
  const text = `${rulesPolicy(1, 1)}rollouts:\n  - { name: bench, canary: { arms: { ${weighted.join(", ")} } } }\n`;
  const rollout = compiled(text).useCases.get("u0")?.rollouts[0];
  if (rollout === undefined) throw new Error("there is no rollout");
  const caller = {
    keyId: "web-shop",
    tenant: "acme",
    tier: "standard",
    role: "caller",
    useCases: null,
  } as const;
  const users = Array.from(
    { length: 1000 },
    (_, i) => `6f1c2a7e-8b1d-4c53-9d0e-${String(i).padStart(12, "0")}`,
  );
  const random = seededRandom(1);
  const costs: number[] = [];
  for (let batch = 0; batch < ROUTE_BATCHES; batch++) {
    const start = Bun.nanoseconds();
    for (let i = 0; i < ROUTE_BATCH; i++) {
      chooseArm(rollout, stickyKey(rollout.sticky, caller, users[i % users.length]), random);
    }
    if (batch >= WARM_UP) costs.push((Bun.nanoseconds() - start) / ROUTE_BATCH / 1000);
  }
  return quantile(costs, 0.5);
}

/** Microseconds that 99 of 100 estimates of a request of 4 KB stay under. */
function complexityP99(): number {
  const sentence =
    "The customer wrote that the parcel did not arrive; explain why the carrier's system must be analysed, " +
    "and compare at least three options step by step. ";
  const request = asking("u0", sentence.repeat(40).slice(0, 4096));
  const costs: number[] = [];
  for (let i = 0; i < SCORES; i++) {
    const start = Bun.nanoseconds();
    estimateComplexity(request);
    if (i >= SCORES / 10) costs.push((Bun.nanoseconds() - start) / 1000);
  }
  return quantile(costs, 0.99);
}

function quantile(values: readonly number[], q: number): number {
  const rising = values.toSorted((a, b) => a - b);
  return Math.round((rising[Math.floor(q * (rising.length - 1))] ?? 0) * 100) / 100;
}

if (import.meta.main) {
  // Loaded here alone: it starts gateways, and whoever does needs this file's policy.
  const { rollbackAtOwnGateway } = await import("./rollback-gateway.ts");
  const figures = {
    route_us: {
      "20": routeCost(20, 1),
      "1000": routeCost(1000, 50),
      "1000_in_one_use_case": routeCost(1000, 1),
    },
    arm_us: { "2": armCost(2), "8": armCost(8) },
    complexity_us_4kb_p99: complexityP99(),
    rollback: await rollbackAtOwnGateway(),
  };
  for (const [rules, cost] of Object.entries(figures.route_us)) {
    console.log(`routing, rules: ${rules.replaceAll("_", " ")}`.padEnd(44), `${cost} µs`);
  }
  for (const [arms, cost] of Object.entries(figures.arm_us)) {
    console.log(`choosing an arm of ${arms}`.padEnd(44), `${cost} µs`);
  }
  console.log("complexity of 4 KB, p99".padEnd(44), `${figures.complexity_us_4kb_p99} µs`);
  const { rollback_ms: rollback, requests } = figures.rollback;
  console.log(`rollback of a canary, under ${requests} requests`.padEnd(44), `${rollback} ms`);
  const { rollback: told, ...costs } = figures;
  console.log(JSON.stringify({ ...costs, rollback_ms: told.rollback_ms, rollback: told }));
  process.exit(0);
}
