/**
 * Which path below a deployment is which provider's. Owns the table and the reading of paths; what is answered
 * there follows from the wire.
 */
import type { Operation, WireId } from "../../core/request.ts";
import { sagemakerSse } from "../../wires/aws-event-stream.ts";
import type { Framing } from "../../wires/framing.ts";

/** A path that is answered by a wire. */
export interface CallRoute {
  readonly wire: WireId;
  /** The wire of a body that asks for vectors, where one path takes both; null where it does not. */
  readonly vectors: WireId | null;
  /** Null: the wire's usual one, or the body says. */
  readonly operation: Operation | null;
  /** Null: the body says. */
  readonly stream: boolean | null;
  /** Null: the wire's own. */
  readonly framing: Framing | null;
  /** Whether the body may leave out the model that the path or the endpoint behind it stands for. */
  readonly impliesModel: boolean;
  /** Whether a SageMaker endpoint stands before the server that answers. */
  readonly behindSagemaker: boolean;
}

/** A path of a wire, and the model that it names; null where it names none. */
export interface CallTarget {
  readonly call: CallRoute;
  readonly model: string | null;
}

export type Found =
  | ({ readonly method: "POST" } & CallTarget)
  | { readonly method: "GET"; readonly models: ModelsShape };

/** Whose list of models. OpenAI's and Anthropic's clients ask at the same path. */
export type ModelsShape = "openai" | "gemini";

const MODELS: Readonly<Record<string, ModelsShape>> = {
  "/v1/models": "openai",
  "/openai/v1/models": "openai",
  "/v1beta/models": "gemini",
};

type Row = readonly [path: string, wire: WireId, rest?: Partial<CallRoute>];

const COUNTS = { operation: "count_tokens", stream: false } as const;
const EMBEDS = { operation: "embed", stream: false } as const;
const WHOLE = { stream: false } as const;
const STREAMED = { stream: true } as const;
const ENDPOINT = { impliesModel: true, behindSagemaker: true } as const;
const AZURE = "/openai/deployments/{model}";
const VERTEX = "/v1/projects/{}/locations/{}/publishers";

/** `{model}` and `{}` stand for one segment, or for its part before a colon and the words after it. */
const CALLS: readonly Row[] = [
  ["/v1/chat/completions", "openai-chat"],
  ["/v1/responses", "openai-responses"],
  ["/v1/embeddings", "openai-embeddings", EMBEDS],
  ["/v1/messages", "anthropic-messages"],
  ["/v1/messages/count_tokens", "anthropic-messages", COUNTS],
  ["/v1/invoke", "native"],
  // Amazon Bedrock
  ["/model/{model}/converse", "bedrock-converse", WHOLE],
  ["/model/{model}/converse-stream", "bedrock-converse", STREAMED],
  ["/model/{model}/invoke", "bedrock-invoke", WHOLE],
  ["/model/{model}/invoke-with-response-stream", "bedrock-invoke", STREAMED],
  ["/model/{model}/count-tokens", "bedrock-converse", COUNTS],
  // Gemini, and Gemini and Claude on Vertex AI
  ["/v1beta/models/{model}:generateContent", "gemini", WHOLE],
  ["/v1beta/models/{model}:streamGenerateContent", "gemini", STREAMED],
  ["/v1beta/models/{model}:countTokens", "gemini", COUNTS],
  ["/v1beta/models/{model}:batchEmbedContents", "gemini-embeddings", EMBEDS],
  [`${VERTEX}/google/models/{model}:generateContent`, "gemini", WHOLE],
  [`${VERTEX}/google/models/{model}:streamGenerateContent`, "gemini", STREAMED],
  [`${VERTEX}/google/models/{model}:countTokens`, "gemini", COUNTS],
  [`${VERTEX}/google/models/{model}:batchEmbedContents`, "gemini-embeddings", EMBEDS],
  [`${VERTEX}/anthropic/models/count-tokens:rawPredict`, "anthropic-messages", COUNTS],
  [`${VERTEX}/anthropic/models/{model}:rawPredict`, "anthropic-messages", { ...WHOLE, impliesModel: true }],
  [
    `${VERTEX}/anthropic/models/{model}:streamRawPredict`,
    "anthropic-messages",
    { ...STREAMED, impliesModel: true },
  ],
  // A container of the OpenAI wires behind SageMaker
  ["/endpoints/{model}/invocations", "openai-chat", { ...WHOLE, ...ENDPOINT, vectors: "openai-embeddings" }],
  [
    "/endpoints/{model}/invocations-response-stream",
    "openai-chat",
    { ...STREAMED, ...ENDPOINT, framing: sagemakerSse },
  ],
  // Azure OpenAI, by deployment and on the v1 surface
  [`${AZURE}/chat/completions`, "openai-chat", { impliesModel: true }],
  [`${AZURE}/embeddings`, "openai-embeddings", { ...EMBEDS, impliesModel: true }],
  ["/openai/responses", "openai-responses"],
  ["/openai/v1/chat/completions", "openai-chat"],
  ["/openai/v1/responses", "openai-responses"],
  ["/openai/v1/embeddings", "openai-embeddings", EMBEDS],
];

/** Every path, for whoever asked for another one. */
export const SERVED: readonly string[] = [
  ...Object.keys(MODELS).map((path) => `GET /{deployment}${path}`),
  ...CALLS.map(([path]) => `POST /{deployment}${path}`),
];

interface Pattern {
  readonly expression: RegExp;
  readonly call: CallRoute;
}

/** Encoded; an ARN may have 2,048 characters. */
const MAX_MODEL_CHARS = 6_144;
const EXACT = new Map<string, CallRoute>();
const PATTERNS: Pattern[] = [];
for (const [path, wire, rest] of CALLS) {
  const call: CallRoute = {
    wire,
    vectors: null,
    operation: null,
    stream: null,
    framing: null,
    impliesModel: false,
    behindSagemaker: false,
    ...rest,
  };
  if (path.includes("{")) PATTERNS.push({ expression: expressionOf(path), call });
  else EXACT.set(path, call);
}

/** What is served at `path`, the part of a URL's path after the deployment; null: nothing. */
export function findRoute(path: string): Found | null {
  const plain = path.endsWith("/") ? path.slice(0, -1) : path;
  const exact = EXACT.get(plain);
  if (exact) return { method: "POST", call: exact, model: null };
  if (Object.hasOwn(MODELS, plain)) return { method: "GET", models: MODELS[plain] ?? "openai" };
  for (const { expression, call } of PATTERNS) {
    const match = expression.exec(plain);
    if (!match) continue;
    const segment = match.groups?.model;
    const model = segment === undefined ? null : decodeSegment(segment, MAX_MODEL_CHARS);
    if (segment === undefined || model !== null) return { method: "POST", call, model };
  }
  return null;
}

/** A percent-encoded segment in plain text; null where it is none, or longer than `maxChars`. */
export function decodeSegment(segment: string, maxChars: number): string | null {
  if (segment === "" || segment.length > maxChars) return null;
  try {
    return decodeURIComponent(segment);
  } catch {
    return null;
  }
}

function expressionOf(path: string): RegExp {
  const source = path.replaceAll("{model}", "(?<model>[^/]+)").replaceAll("{}", "[^/]+");
  return new RegExp(`^${source}$`);
}
