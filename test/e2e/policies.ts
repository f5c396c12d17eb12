/** The policy that the end-to-end suites share: simulated, small, impatient. Owns its names and its keys. */
import { hash } from "node:crypto";

/** Keys of the policy, as callers send them; the policy itself holds their hashes. */
export const KEYS = {
  /** Two requests a minute. */
  limited: "pm_limited_key_of_the_end_to_end_suite",
  /** One request at a time. */
  narrow: "pm_narrow_key_of_the_end_to_end_suite",
  /** May ask for bare-chat alone. */
  scoped: "pm_scoped_key_of_the_end_to_end_suite",
} as const;

/** The template of support-chat up to its variable. */
export const TEMPLATE_WORDS = "The assistant is resting, reference";
export const BUSY_WORDS = "We are very busy.";
export const BUSY_SECONDS = 7;

/** `policy` with support-chat served by another model, nimbus, and by words when that is down. */
export function servedByNimbus(policy: string): string {
  return policy.replace(
    "primary: atlas@us-east-1, cross_region: auto, fallback: [nimbus], degraded",
    "primary: nimbus, degraded",
  );
}

export interface PolicyPatience {
  readonly firstToken?: string;
  readonly idle?: string;
  readonly total?: string;
  readonly deadline?: string;
}

/**
 * atlas in two regions, then nimbus with a larger window. `support-chat` has a template at the end of its
 * ladder, `busy-chat` a busy message, `bare-chat` nothing. `elsewhere-chat` and `nimbus-chat` ask one
 * deployment each, `small-chat` a model that can do little.
 */
export function testPolicy(patience: PolicyPatience = {}): string {
  const { firstToken = "500ms", idle = "500ms", total = "1200ms", deadline = "4s" } = patience;
  const timeouts = `{ connect: 1s, first_token: ${firstToken}, idle: ${idle}, total: ${total} }`;
  const ladder = "primary: atlas@us-east-1, cross_region: auto, fallback: [nimbus]";
  return `version: 1
name: e2e
providers:
  sim: { kind: simulator }
x-large: &large
  capabilities: [tools, parallel_tools, vision, json_mode, json_schema, logprobs, seed, multiple_choices]
  safety_level: high
models:
  atlas: { <<: *large, context_window: 32000, version: "1.0", prices: { input: 3.00, output: 15.00 } }
  nimbus: { <<: *large, context_window: 128000, version: "2.0", prices: { input: 2.50, output: 10.00 } }
  pebble: { context_window: 32000, version: "0.1", capabilities: [tools], prices: { input: 0.10, output: 0.40 } }
deployments:
  atlas-us: { model: atlas, provider: sim, model_id: atlas-v1, region: us-east-1 }
  atlas-eu: { model: atlas, provider: sim, model_id: atlas-v1, region: eu-west-1 }
  nimbus-us: { model: nimbus, provider: sim, model_id: nimbus-v2, region: us-west-2 }
  pebble-us: { model: pebble, provider: sim, model_id: pebble-v0, region: us-east-1 }
use_cases:
  support-chat:
    description: Answers customers.
    aliases: [gpt-4o]
    latency_tier: interactive
    deadline: ${deadline}
    ladder: { ${ladder}, degraded: [{ template: { message: "${TEMPLATE_WORDS} {{request_id}}." } }] }
  busy-chat:
    latency_tier: interactive
    deadline: ${deadline}
    ladder: { ${ladder}, degraded: [{ busy: { message: "${BUSY_WORDS}", status: 503, retry_after: ${BUSY_SECONDS}s } }] }
  bare-chat:
    latency_tier: interactive
    deadline: ${deadline}
    ladder: { ${ladder} }
  elsewhere-chat:
    latency_tier: interactive
    deadline: ${deadline}
    ladder: { primary: atlas@eu-west-1, cross_region: none }
  nimbus-chat:
    latency_tier: interactive
    deadline: ${deadline}
    ladder: { primary: nimbus }
  small-chat:
    latency_tier: interactive
    deadline: ${deadline}
    ladder: { primary: pebble }
  extraction:
    task_type: extraction
    deadline: ${deadline}
    max_attempts: 4
    format_retries: 2
    ladder: { primary: atlas@us-east-1, cross_region: none, fallback: [nimbus] }
keys:
  - { id: limited, sha256: "${digest(KEYS.limited)}", tenant: acme, tier: limited }
  - { id: narrow, sha256: "${digest(KEYS.narrow)}", tenant: acme, tier: narrow }
  - { id: scoped, sha256: "${digest(KEYS.scoped)}", tenant: acme, tier: premium, use_cases: [bare-chat] }
limits:
  tiers:
    premium: {}
    limited: { requests_per_minute: 2 }
    narrow: { concurrent_requests: 1 }
timeouts:
  interactive: ${timeouts}
  standard: ${timeouts}
circuit: { consecutive_failures: 5, minimum_calls: 1000, open_for: 1s, max_open: 2s, probes: 1 }
retry: { budget_per_second: 100, backoff_base: 10ms, backoff_max: 50ms }
`;
}

/** Nothing waits. */
export const INSTANT = `version: 1
seed: 7
`;

function digest(key: string): string {
  return hash("sha256", key, "hex");
}

/** The provider secret of `withUpstream`, in the environment variable that the policy names. */
export const PROVIDER_SECRET = { name: "E2E_PROVIDER_KEY", value: "sk-e2e-provider-secret-5f1c" } as const;

/**
 * The policy with a provider outside the simulator, whose one model serves `recorded-chat`, can do nothing but
 * text and has no price.
 */
export function withUpstream(policy: string, baseUrl: string): string {
  const provider = `up: { kind: openai-compatible, base_url: "${baseUrl}", credential: { env: ${PROVIDER_SECRET.name} }, headers: { x-team: search } }`;
  return policy
    .replace("providers:\n", `providers:\n  ${provider}\n`)
    .replace("\nmodels:\n", "\nmodels:\n  recorded: { context_window: 32000 }\n")
    .replace(
      "deployments:\n",
      "deployments:\n  recorded-here: { model: recorded, provider: up, model_id: vendor/recorded-1, region: on-prem }\n",
    )
    .replace(
      "use_cases:\n",
      "use_cases:\n  recorded-chat: { latency_tier: interactive, ladder: { primary: recorded } }\n",
    );
}
