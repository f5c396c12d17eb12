/** The smallest request that shows whether a deployment answers. Owns its form; makes no call. */
import { bareRequest } from "../core/bare-request.ts";
import type { Deployment } from "../core/deployment.ts";
import type { ModelRequest } from "../core/request.ts";

/** Of an answer. One token is enough everywhere but in the Responses API, which refuses fewer than 16. */
const MAX_TOKENS = 1;
const MAX_TOKENS_OF_RESPONSES = 16;

/** One token for `prompt`, or its vector where the model makes vectors. */
export function probeRequest({ model, wire, embeddingWire }: Deployment, prompt: string): ModelRequest {
  const embeds = embeddingWire !== null && model.capabilities.has("embeddings");
  const maxTokens = wire === "openai-responses" ? MAX_TOKENS_OF_RESPONSES : MAX_TOKENS;
  const target = model.id;
  if (embeds) return bareRequest({ target, operation: "embed", embedding: { inputs: [prompt] } });
  return bareRequest({
    target,
    messages: [{ role: "user", content: [{ type: "text", text: prompt }] }],
    sampling: { maxTokens: Math.min(maxTokens, model.maxOutputTokens) },
  });
}
