/**
 * The paths of the data plane, each in the words of the API it belongs to. Owns the table and the reading of
 * paths that name a model; which wires exist is the registry's.
 */
import type { Operation, WireId } from "../core/request.ts";
import type { Ingress } from "../gateway/ingress.ts";
import type { AnyWire } from "../providers/wire-registry.ts";

interface InferenceRow {
  /** `{model}` stands for one segment, percent-encoded where it has slashes. */
  readonly path: string;
  readonly wire: WireId;
  readonly operation?: Operation;
  readonly stream?: boolean;
  readonly purpose: string;
}

export const INFERENCE_ROUTES: readonly InferenceRow[] = [
  { path: "/v1/chat/completions", wire: "openai-chat", purpose: "OpenAI Chat Completions" },
  { path: "/v1/responses", wire: "openai-responses", purpose: "OpenAI Responses" },
  { path: "/v1/embeddings", wire: "openai-embeddings", operation: "embed", purpose: "OpenAI Embeddings" },
  { path: "/v1/messages", wire: "anthropic-messages", purpose: "Anthropic Messages" },
  {
    path: "/v1/messages/count_tokens",
    wire: "anthropic-messages",
    operation: "count_tokens",
    purpose: "Anthropic count tokens",
  },
  { path: "/v1/invoke", wire: "native", purpose: "the capability contract itself" },
  { path: "/model/{model}/converse", wire: "bedrock-converse", stream: false, purpose: "Bedrock Converse" },
  {
    path: "/model/{model}/converse-stream",
    wire: "bedrock-converse",
    stream: true,
    purpose: "Bedrock ConverseStream",
  },
  { path: "/model/{model}/invoke", wire: "bedrock-invoke", stream: false, purpose: "Bedrock InvokeModel" },
  {
    path: "/model/{model}/invoke-with-response-stream",
    wire: "bedrock-invoke",
    stream: true,
    purpose: "Bedrock InvokeModelWithResponseStream",
  },
  {
    path: "/model/{model}/count-tokens",
    wire: "bedrock-converse",
    operation: "count_tokens",
    stream: false,
    purpose: "Bedrock CountTokens",
  },
  {
    path: "/v1beta/models/{model}:generateContent",
    wire: "gemini",
    stream: false,
    purpose: "Gemini generateContent",
  },
  {
    path: "/v1beta/models/{model}:streamGenerateContent",
    wire: "gemini",
    stream: true,
    purpose: "Gemini streamGenerateContent",
  },
  {
    path: "/v1beta/models/{model}:countTokens",
    wire: "gemini",
    operation: "count_tokens",
    stream: false,
    purpose: "Gemini countTokens",
  },
  {
    path: "/v1beta/models/{model}:batchEmbedContents",
    wire: "gemini-embeddings",
    operation: "embed",
    stream: false,
    purpose: "Gemini batchEmbedContents",
  },
];

/** Null where the path is not one of inference. */
export type FindIngress = (path: string) => Ingress | null;

const HOLE = "{model}";
/** Encoded; ARNs of custom models have up to 2,048 characters. */
const MAX_MODEL_CHARS = 4096;

interface Pattern {
  readonly prefix: string;
  readonly suffix: string;
  readonly ingress: Ingress;
}

/** A lookup over the rows whose wire `find` knows. Paths without a model cost one look into a map. */
export function createInferenceRoutes(find: (id: WireId) => AnyWire | null): FindIngress {
  const exact = new Map<string, Ingress>();
  const patterns: Pattern[] = [];
  for (const row of INFERENCE_ROUTES) {
    const wire = find(row.wire);
    if (wire === null) continue;
    const ingress: Ingress = {
      wire,
      ...(row.operation !== undefined && { operation: row.operation }),
      ...(row.stream !== undefined && { stream: row.stream }),
    };
    const hole = row.path.indexOf(HOLE);
    if (hole === -1) exact.set(row.path, ingress);
    else
      patterns.push({ prefix: row.path.slice(0, hole), suffix: row.path.slice(hole + HOLE.length), ingress });
  }
  return (path) => exact.get(path) ?? matchPattern(patterns, path);
}

function matchPattern(patterns: readonly Pattern[], path: string): Ingress | null {
  for (const { prefix, suffix, ingress } of patterns) {
    if (!path.startsWith(prefix) || !path.endsWith(suffix)) continue;
    const segment = path.slice(prefix.length, path.length - suffix.length);
    if (segment === "" || segment.includes("/") || segment.length > MAX_MODEL_CHARS) continue;
    const target = decodeSegment(segment);
    if (target !== null) return { ...ingress, target };
  }
  return null;
}

function decodeSegment(segment: string): string | null {
  try {
    return decodeURIComponent(segment);
  } catch {
    return null;
  }
}
