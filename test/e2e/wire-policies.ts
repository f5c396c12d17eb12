/** A policy with one simulated provider a wire, so that every SDK can be tried against every one of them. */
import { INSTANT } from "./policies.ts";

/** Wires that a provider may speak. */
export const PROVIDER_WIRES = [
  "openai-chat",
  "openai-responses",
  "anthropic-messages",
  "bedrock-converse",
  "bedrock-invoke",
  "gemini",
] as const;
export type ProviderWire = (typeof PROVIDER_WIRES)[number];

/** Wires behind which embeddings are served, by the provider's chat wire. */
export const EMBEDDING_WIRES = ["openai-chat", "bedrock-invoke", "gemini"] as const;

/** The use case that is answered by a provider of this wire: `via-gemini`. */
export function via(wire: ProviderWire): string {
  return `via-${wire}`;
}

/** The use case of embeddings by a provider of this wire. */
export function vectorsVia(wire: (typeof EMBEDDING_WIRES)[number]): string {
  return `vectors-${wire}`;
}

export function wirePolicy(): string {
  const lines = (make: (wire: ProviderWire) => string) => PROVIDER_WIRES.map(make).join("\n");
  return `version: 1
name: wires
providers:
${lines((wire) => `  sim-${wire}: { kind: simulator, wire: ${wire} }`)}
x-able: &able
  context_window: 200000
  max_output_tokens: 8192
  capabilities: [tools, parallel_tools, vision, documents, json_mode, json_schema, seed, reasoning, prompt_caching]
  prices: { input: 3.00, output: 15.00, cache_read: 0.30, cache_write: 3.75 }
models:
${lines((wire) => `  model-${wire}: { <<: *able }`)}
${EMBEDDING_WIRES.map((wire) => `  vectors-${wire}: { context_window: 8192, capabilities: [embeddings], prices: { input: 0.02, output: 0 } }`).join("\n")}
deployments:
${lines((wire) => `  on-${wire}: { model: model-${wire}, provider: sim-${wire}, model_id: ${MODEL_IDS[wire]}, region: us-east-1 }`)}
${EMBEDDING_WIRES.map((wire) => `  vectors-on-${wire}: { model: vectors-${wire}, provider: sim-${wire}, model_id: ${EMBEDDING_IDS[wire]}, region: us-east-1 }`).join("\n")}
use_cases:
${lines((wire) => `  ${via(wire)}: { latency_tier: interactive, ladder: { primary: model-${wire} } }`)}
${EMBEDDING_WIRES.map((wire) => `  ${vectorsVia(wire)}: { task_type: embedding, ladder: { primary: vectors-${wire} } }`).join("\n")}
  words-chat:
    latency_tier: interactive
    ladder: { primary: model-openai-chat, degraded: [{ template: { message: "We are resting ({{request_id}})." } }] }
`;
}

const MODEL_IDS: Readonly<Record<ProviderWire, string>> = {
  "openai-chat": "gpt-sim",
  "openai-responses": "gpt-sim",
  "anthropic-messages": "claude-sim",
  "bedrock-converse": "us.anthropic.claude-sim-v1:0",
  "bedrock-invoke": "anthropic.claude-sim-v1:0",
  gemini: "gemini-sim",
};

const EMBEDDING_IDS: Readonly<Record<(typeof EMBEDDING_WIRES)[number], string>> = {
  "openai-chat": "text-embedding-sim",
  "bedrock-invoke": "cohere.embed-sim-v3",
  gemini: "gemini-embedding-sim",
};

export { INSTANT };
