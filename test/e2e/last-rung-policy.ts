/** The policy that the suites of the last rungs share, and how they ask. Owns its names. */
import { hash } from "node:crypto";
import { chat, type RunningGateway } from "./harness.ts";

export const OTHER_KEY = "pm_key_of_another_tenant_in_the_suite";
export const WEBHOOK_SECRET = { name: "E2E_WEBHOOK_SECRET", value: "whsec_e2e_4b1f" } as const;
/** Every model fails. */
export const DOWN = { fault: { status: 503 } };
export const INSTANT = "version: 1\nseed: 7\n";

/**
 * atlas is small and comes first. Each use case shows one thing; `ports` are those of an application that is told of
 * answered tickets, and of a model that puts words around its JSON.
 */
export function lastRungPolicy(
  ports: { readonly application?: number; readonly talker?: number } = {},
): string {
  const { application = 1, talker = 1 } = ports;
  const timeouts = "{ connect: 1s, first_token: 500ms, idle: 500ms, total: 1200ms }";
  const large = "capabilities: [tools, json_mode, json_schema], safety_level: high";
  return `version: 1
name: last-rungs
providers:
  sim: { kind: simulator }
  local: { kind: openai-compatible, base_url: "http://127.0.0.1:${talker}/v1", credential: none }
models:
  talker: { context_window: 8000, capabilities: [json_mode], prices: { input: 1, output: 1 } }
  atlas: { ${large}, context_window: 4000, max_output_tokens: 500, prices: { input: 3.00, output: 15.00 } }
  nimbus: { ${large}, context_window: 128000, prices: { input: 2.50, output: 10.00 } }
  pebble: { context_window: 8000, max_output_tokens: 500, prices: { input: 0.10, output: 0.40 } }
deployments:
  atlas-us: { model: atlas, provider: sim, model_id: atlas-v1, region: us-east-1 }
  nimbus-us: { model: nimbus, provider: sim, model_id: nimbus-v2, region: us-west-2 }
  pebble-us: { model: pebble, provider: sim, model_id: pebble-v0, region: eu-west-1 }
  talker-here: { model: talker, provider: local, model_id: talker, region: here }
use_cases:
  talker-chat: { ladder: { primary: talker, degraded: [{ busy: { message: Later. } }] } }
  fresh-chat:
    cache: { ttl: 1h, stale_for: 1h }
    ladder: { primary: atlas, degraded: [{ busy: { message: Later. } }] }
  stale-chat:
    cache: { ttl: 1ms, stale_for: 24h }
    ladder:
      primary: atlas
      degraded: [{ cached: { max_age: 24h, status: 203 } }, { busy: { message: Later., status: 503 } }]
  ladder-chat:
    ladder:
      primary: atlas
      degraded:
        - rules:
            - { contains: [opening hours], answer: "We are open from 9 to 5, {{tenant}}." }
            - { match: "refund|money back", answer: "Refunds take {{retry_after}} seconds.", status: 202 }
        - retrieval: { folder: faq, message: "From our help pages:" }
        - busy: { message: "Come back in {{retry_after}} s.", status: 503, retry_after: 7s }
  brief-chat:
    ladder:
      primary: atlas
      degraded: [{ summarize_only: { model: pebble, message: "In short:" } }, { busy: { message: Later. } }]
  desk-chat:
    ladder:
      primary: atlas
      degraded:
        - human:
            queue: desk
            message: "A person will look at it: {{ticket_id}}."
            store_prompt: true
            max_open: 2
            webhook: { url: "http://127.0.0.1:${application}/answered", secret: { env: ${WEBHOOK_SECRET.name} } }
        - busy: { message: The desk is full. }
  default-long: { ladder: { primary: atlas, fallback: [nimbus], degraded: [{ busy: { message: Later. } }] } }
  cut-long:
    on_overflow: [truncate_oldest, larger_model]
    ladder: { primary: atlas, fallback: [nimbus], degraded: [{ busy: { message: Later. } }] }
  summed-long:
    on_overflow: [{ summarize: { model: pebble } }, truncate_oldest]
    ladder: { primary: atlas, degraded: [{ busy: { message: Later. } }] }
  capped-long:
    max_output_tokens: 100
    on_overflow: [{ summarize: { model: pebble } }]
    ladder: { primary: atlas, degraded: [{ busy: { message: Later. } }] }
  frugal-long:
    max_output_tokens: 500
    cost_ceiling_usd: 0.0181
    on_overflow: [{ summarize: { model: pebble } }, truncate_oldest]
    ladder: { primary: atlas, degraded: [{ busy: { message: Later. } }] }
  stingy-long:
    max_output_tokens: 500
    cost_ceiling_usd: 0.0150
    on_overflow: [{ summarize: { model: pebble } }, truncate_oldest]
    ladder: { primary: atlas, degraded: [{ busy: { message: Later. } }] }
  trimmed-long:
    on_overflow: [truncate_oldest]
    ladder: { primary: atlas, degraded: [{ busy: { message: Later. } }] }
  strict-long:
    on_overflow: [fail]
    ladder: { primary: atlas, fallback: [nimbus], degraded: [{ busy: { message: Later. } }] }
keys:
  - { id: other, sha256: "${hash("sha256", OTHER_KEY, "hex")}", tenant: other, tier: premium }
timeouts: { interactive: ${timeouts}, standard: ${timeouts} }
circuit: { consecutive_failures: 1000, minimum_calls: 1000, open_for: 1s, max_open: 2s, probes: 1 }
retry: { budget_per_second: 100, backoff_base: 10ms, backoff_max: 50ms }
`;
}

export interface ChatBody {
  readonly choices: readonly { readonly message: { readonly content: string } }[];
  readonly usage: { readonly total_tokens: number };
  readonly pointsman?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly message: string };
}

export const bodyOf = async (response: Response): Promise<ChatBody> => (await response.json()) as ChatBody;
export const textOf = async (response: Response) =>
  (await bodyOf(response)).choices[0]?.message.content ?? "";
/** One question of a user. */
export const ask = (
  gateway: RunningGateway,
  model: string,
  content: string,
  rest: object = {},
  headers: Record<string, string> = {},
) => chat(gateway, { model, messages: [{ role: "user", content }], ...rest }, { headers });
