/** What `bench:wires` asks and is answered. Owns the pairs, their requests and the policy; sends nothing. */
import type { WireId } from "../src/core/request.ts";

/** Wires that the upstream speaks. */
export const PROVIDER_WIRES = [
  "openai-chat",
  "openai-responses",
  "anthropic-messages",
  "bedrock-converse",
  "gemini",
] as const satisfies readonly WireId[];
export type ProviderWire = (typeof PROVIDER_WIRES)[number];

/** Wires that the load speaks, each with the path of a whole and of a streamed request. */
const CALLERS = {
  "openai-chat": {
    whole: () => "/v1/chat/completions",
    stream: () => "/v1/chat/completions",
    body: (model, text, stream) => ({
      model,
      messages: [
        { role: "system", content: SYSTEM },
        { role: "user", content: text },
      ],
      temperature: 0.2,
      max_tokens: 256,
      ...(stream && { stream: true, stream_options: { include_usage: true } }),
    }),
  },
  "openai-responses": {
    whole: () => "/v1/responses",
    stream: () => "/v1/responses",
    body: (model, text, stream) => ({
      model,
      instructions: SYSTEM,
      input: text,
      temperature: 0.2,
      max_output_tokens: 256,
      ...(stream && { stream: true }),
    }),
  },
  "anthropic-messages": {
    whole: () => "/v1/messages",
    stream: () => "/v1/messages",
    body: (model, text, stream) => ({
      model,
      system: SYSTEM,
      messages: [{ role: "user", content: text }],
      temperature: 0.2,
      max_tokens: 256,
      ...(stream && { stream: true }),
    }),
  },
  "bedrock-converse": {
    whole: (model) => `/model/${model}/converse`,
    stream: (model) => `/model/${model}/converse-stream`,
    body: (_model, text) => ({
      system: [{ text: SYSTEM }],
      messages: [{ role: "user", content: [{ text }] }],
      inferenceConfig: { temperature: 0.2, maxTokens: 256 },
    }),
  },
} as const satisfies Readonly<Record<string, CallerShape>>;
export type CallerWire = keyof typeof CALLERS;

interface CallerShape {
  whole(model: string): string;
  stream(model: string): string;
  body(model: string, text: string, stream: boolean): unknown;
}

export interface Pair {
  readonly caller: CallerWire;
  readonly provider: ProviderWire;
}

const CALLER_WIRES = Object.keys(CALLERS) as readonly CallerWire[];

/** The caller's dialect is the provider's. */
export const SAME: readonly Pair[] = CALLER_WIRES.map((wire) => ({ caller: wire, provider: wire }));

/** Every caller's dialect in front of every other provider's; a provider's Responses are its own SDK's affair. */
export const CROSS: readonly Pair[] = CALLER_WIRES.flatMap((caller) =>
  PROVIDER_WIRES.filter((provider) => provider !== caller && provider !== "openai-responses").map(
    (provider) => ({ caller, provider }),
  ),
);

export const CHUNKS = 250;
export const CHUNK_EVERY_MS = 4;
const SYSTEM = "You answer for the support desk, briefly and politely.";
const QUESTION =
  "The parcel left our warehouse on Monday and the tracking page has not moved since then; please tell the customer where it is, whether it will arrive before the weekend, and what we can offer if it does not.";
export const ANSWER_TEXT = `${QUESTION} ${QUESTION}`.slice(0, 300);

/** Path and body of one request of `pair`. */
export function requestOf(pair: Pair, stream: boolean): { readonly path: string; readonly body: string } {
  const shape: CallerShape = CALLERS[pair.caller];
  const model = useCaseOf(pair.provider, stream);
  return {
    path: stream ? shape.stream(model) : shape.whole(model),
    body: JSON.stringify(shape.body(model, QUESTION, stream)),
  };
}

function useCaseOf(provider: ProviderWire, stream: boolean): string {
  return `${stream ? "stream" : "whole"}-${provider}`;
}

/** Environment variable that holds the providers' key. */
export const KEY_VARIABLE = "BENCH_UPSTREAM_KEY";

/** One provider, model, deployment and use case for each wire, whole and streamed. */
export function wirePolicyText(keySha256: string, port: number): string {
  const kinds = (["whole", "stream"] as const).flatMap((kind) =>
    PROVIDER_WIRES.map((wire) => ({
      name: `${kind}-${wire}`,
      wire,
      root: `http://127.0.0.1:${port}/${kind}/${wire}`,
    })),
  );
  const each = (make: (kind: (typeof kinds)[number]) => string) => kinds.map(make).join("\n");
  return `version: 1
name: bench-wires
providers:
${each(({ name, wire, root }) => `  ${name}: ${providerText(wire, root)}`)}
models:
${each(({ name }) => `  ${name}: { context_window: 128000, capabilities: [tools, seed], prices: { input: 2.5, output: 10 } }`)}
deployments:
${each(({ name }) => `  ${name}: { model: ${name}, provider: ${name}, model_id: bench-large-1, region: us-east-1 }`)}
use_cases:
${each(({ name }) => `  ${name}: { latency_tier: interactive, ladder: { primary: ${name} } }`)}
keys:
  - { id: web-shop, sha256: ${keySha256}, tenant: retail, tier: standard, role: caller }
`;
}

function providerText(wire: ProviderWire, root: string): string {
  const credential = `{ env: ${KEY_VARIABLE} }`;
  switch (wire) {
    case "openai-chat":
    case "openai-responses":
      return `{ kind: openai-compatible, base_url: "${root}", wire: ${wire}, credential: ${credential} }`;
    case "anthropic-messages":
      return `{ kind: anthropic, base_url: "${root}", credential: ${credential} }`;
    case "bedrock-converse":
      return `{ kind: bedrock, base_url: "${root}", credential: ${credential} }`;
    case "gemini":
      return `{ kind: gemini, base_url: "${root}", credential: ${credential} }`;
  }
}
