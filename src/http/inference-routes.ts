/**
 * The paths of the data plane, each in the words of the API it belongs to. Owns the table and the reading of
 * paths that name a model; which wires exist is the registry's.
 */
import type { Operation, WireId } from "../core/request.ts";
import type { Ingress } from "../gateway/ingress.ts";
import type { AnyWire } from "../providers/wire-registry.ts";

export interface InferenceRow {
  /** `{model}` stands for one segment, percent-encoded where it has slashes. */
  readonly path: string;
  readonly wire: WireId;
  readonly operation?: Operation;
  readonly stream?: boolean;
  readonly purpose: string;
  /** Where its bodies are described; absent: by our own schema. */
  readonly reference?: string;
}

export const INFERENCE_ROUTES: readonly InferenceRow[] = [
  {
    path: "/v1/chat/completions",
    wire: "openai-chat",
    purpose: "OpenAI Chat Completions",
    reference: "https://platform.openai.com/docs/api-reference/chat",
  },
  {
    path: "/v1/responses",
    wire: "openai-responses",
    purpose: "OpenAI Responses",
    reference: "https://platform.openai.com/docs/api-reference/responses",
  },
  {
    path: "/v1/embeddings",
    wire: "openai-embeddings",
    operation: "embed",
    purpose: "OpenAI Embeddings",
    reference: "https://platform.openai.com/docs/api-reference/embeddings",
  },
  {
    path: "/v1/messages",
    wire: "anthropic-messages",
    purpose: "Anthropic Messages",
    reference: "https://platform.claude.com/docs/en/api/messages",
  },
  {
    path: "/v1/messages/count_tokens",
    wire: "anthropic-messages",
    operation: "count_tokens",
    purpose: "Anthropic count tokens",
    reference: "https://platform.claude.com/docs/en/api/messages-count-tokens",
  },
  { path: "/v1/invoke", wire: "native", purpose: "the capability contract itself" },
  {
    path: "/model/{model}/converse",
    wire: "bedrock-converse",
    stream: false,
    purpose: "Bedrock Converse",
    reference: "https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html",
  },
  {
    path: "/model/{model}/converse-stream",
    wire: "bedrock-converse",
    stream: true,
    purpose: "Bedrock ConverseStream",
    reference: "https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html",
  },
  {
    path: "/model/{model}/invoke",
    wire: "bedrock-invoke",
    stream: false,
    purpose: "Bedrock InvokeModel",
    reference: "https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModel.html",
  },
  {
    path: "/model/{model}/invoke-with-response-stream",
    wire: "bedrock-invoke",
    stream: true,
    purpose: "Bedrock InvokeModelWithResponseStream",
    reference:
      "https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModelWithResponseStream.html",
  },
  {
    path: "/model/{model}/count-tokens",
    wire: "bedrock-converse",
    operation: "count_tokens",
    stream: false,
    purpose: "Bedrock CountTokens",
    reference: "https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_CountTokens.html",
  },
  {
    path: "/v1beta/models/{model}:generateContent",
    wire: "gemini",
    stream: false,
    purpose: "Gemini generateContent",
    reference: "https://ai.google.dev/api/generate-content",
  },
  {
    path: "/v1beta/models/{model}:streamGenerateContent",
    wire: "gemini",
    stream: true,
    purpose: "Gemini streamGenerateContent",
    reference: "https://ai.google.dev/api/generate-content",
  },
  {
    path: "/v1beta/models/{model}:countTokens",
    wire: "gemini",
    operation: "count_tokens",
    stream: false,
    purpose: "Gemini countTokens",
    reference: "https://ai.google.dev/api/tokens",
  },
  {
    path: "/v1beta/models/{model}:batchEmbedContents",
    wire: "gemini-embeddings",
    operation: "embed",
    stream: false,
    purpose: "Gemini batchEmbedContents",
    reference: "https://ai.google.dev/api/embeddings",
  },
];

/**
 * Null where the path is not one of inference; a promise while its wire is loaded, the first time. `query`: of the URL,
 * without its question mark; absent: nobody waits for a stream.
 */
export type FindIngress = (path: string, query?: string) => Ingress | Promise<Ingress> | null;

export type LoadWire = (id: WireId) => AnyWire | Promise<AnyWire>;

const HOLE = "{model}";
/** Encoded; ARNs of custom models have up to 2,048 characters. */
const MAX_MODEL_CHARS = 4096;

/** A row, and what it comes to once its wire is loaded. */
interface Entry {
  readonly row: InferenceRow;
  ingress: Ingress | null;
}

interface Pattern extends Entry {
  readonly prefix: string;
  readonly suffix: string;
}

/** A lookup over the rows above. Paths without a model cost one look into a map. */
export function createInferenceRoutes(load: LoadWire): FindIngress {
  const exact = new Map<string, Entry>();
  const patterns: Pattern[] = [];
  for (const row of INFERENCE_ROUTES) {
    const hole = row.path.indexOf(HOLE);
    if (hole === -1) exact.set(row.path, { row, ingress: null });
    else {
      const [prefix, suffix] = [row.path.slice(0, hole), row.path.slice(hole + HOLE.length)];
      patterns.push({ row, ingress: null, prefix, suffix });
    }
  }
  return (path, query) => {
    const entry = exact.get(path);
    return entry ? (entry.ingress ?? ingressOf(entry, load)) : matchPattern(patterns, path, query, load);
  };
}

function ingressOf(entry: Entry, load: LoadWire): Ingress | Promise<Ingress> {
  if (entry.ingress !== null) return entry.ingress;
  const { operation, stream } = entry.row;
  const made = (wire: AnyWire): Ingress => {
    entry.ingress = {
      wire,
      ...(operation !== undefined && { operation }),
      ...(stream !== undefined && { stream }),
    };
    return entry.ingress;
  };
  const wire = load(entry.row.wire);
  return wire instanceof Promise ? wire.then(made) : made(wire);
}

function matchPattern(
  patterns: readonly Pattern[],
  path: string,
  query: string | undefined,
  load: LoadWire,
): Ingress | Promise<Ingress> | null {
  for (const pattern of patterns) {
    const { prefix, suffix } = pattern;
    if (!path.startsWith(prefix) || !path.endsWith(suffix)) continue;
    const segment = path.slice(prefix.length, path.length - suffix.length);
    if (segment === "" || segment.includes("/") || segment.length > MAX_MODEL_CHARS) continue;
    const target = decodeSegment(segment);
    if (target === null) continue;
    const ingress = ingressOf(pattern, load);
    const asked = (found: Ingress): Ingress => ({ ...found, wire: wireFor(found, query), target });
    return ingress instanceof Promise ? ingress.then(asked) : asked(ingress);
  }
  return null;
}

function wireFor({ wire, stream }: Ingress, query: string | undefined): AnyWire {
  return stream === true && query !== undefined ? (wire.asQueried?.(query) ?? wire) : wire;
}

function decodeSegment(segment: string): string | null {
  try {
    return decodeURIComponent(segment);
  } catch {
    return null;
  }
}
