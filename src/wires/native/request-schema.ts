/** The shape of a native request, as data. Owns types and ranges; a field it lacks does not exist. */
import { z } from "zod";
import { EFFORTS, type WireId } from "../../core/request.ts";

/** Characters of an id or name; longer ones are a mistake or an attack. */
const MAX_NAME = 256;
const name = z.string().min(1).max(MAX_NAME);
const jsonObject = z.record(z.string(), z.unknown());
const penalty = z.number().min(-2).max(2).nullish();

const WIRES = [
  "openai-chat",
  "openai-responses",
  "openai-embeddings",
  "anthropic-messages",
  "bedrock-converse",
  "bedrock-invoke",
  "gemini",
  "gemini-embeddings",
  "native",
] as const satisfies readonly WireId[];

const cache = z.strictObject({ ttl: z.enum(["5m", "1h"]).nullish() }).nullish();

const source = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("url"), url: z.string().regex(/^https?:\/\/[^/]/i) }),
  z.strictObject({ kind: z.literal("base64"), media_type: name, data: z.string().min(1) }),
  z.strictObject({ kind: z.literal("text"), media_type: name, text: z.string() }),
  z.strictObject({ kind: z.literal("file"), id: name }),
]);

const text = z.strictObject({ type: z.literal("text"), text: z.string(), cache });
const image = z.strictObject({
  type: z.literal("image"),
  source,
  detail: z.enum(["auto", "low", "high"]).nullish(),
  cache,
});
const document = z.strictObject({
  type: z.literal("document"),
  source,
  name: z.string().max(MAX_NAME).nullish(),
  cache,
});
const opaque = z.strictObject({ type: z.literal("opaque"), wire: z.enum(WIRES), value: jsonObject });

const resultPart = z.discriminatedUnion("type", [text, image, document, opaque]);
const part = z.discriminatedUnion("type", [
  text,
  image,
  document,
  opaque,
  z.strictObject({
    type: z.literal("tool_call"),
    id: name,
    name,
    arguments: z.union([z.string(), jsonObject]),
    cache,
  }),
  z.strictObject({
    type: z.literal("tool_result"),
    call_id: name,
    content: z.union([z.string(), z.array(resultPart)]),
    is_error: z.boolean().nullish(),
    cache,
  }),
  z.strictObject({
    type: z.literal("reasoning"),
    text: z.string(),
    signature: z.string().nullish(),
    redacted: z.string().nullish(),
  }),
  z.strictObject({ type: z.literal("refusal"), text: z.string() }),
]);

const message = z.strictObject({
  role: z.enum(["system", "user", "assistant", "tool"]),
  content: z.union([z.string(), z.array(part).min(1)]),
});

const tool = z.strictObject({
  name,
  description: z.string().nullish(),
  parameters: jsonObject.nullish(),
  strict: z.boolean().nullish(),
  cache,
});

const plainChoice = z.enum(["auto", "none", "required"]);
const toolChoice = z.union([
  plainChoice,
  z.discriminatedUnion("type", [
    z.strictObject({ type: plainChoice }),
    z.strictObject({ type: z.literal("tool"), name }),
  ]),
]);

const responseFormat = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("text") }),
  z.strictObject({ type: z.literal("json") }),
  z.strictObject({
    type: z.literal("json_schema"),
    name: z.string().min(1).max(64),
    schema: jsonObject,
    strict: z.boolean().nullish(),
  }),
]);

const sampling = z.strictObject({
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  top_k: z.int().min(0).nullish(),
  max_tokens: z.int().min(1).nullish(),
  stop: z.union([z.string(), z.array(z.string()).max(64)]).nullish(),
  seed: z.int().nullish(),
  choices: z.int().min(1).max(16).nullish(),
  frequency_penalty: penalty,
  presence_penalty: penalty,
  logprobs: z.int().min(0).max(20).nullish(),
});

const reasoning = z.strictObject({
  effort: z.enum(EFFORTS).nullish(),
  budget_tokens: z.int().min(0).nullish(),
});

const embedding = z.strictObject({
  inputs: z.array(z.union([z.string(), z.array(z.int().min(0)).min(1)])).min(1),
  dimensions: z.int().min(1).nullish(),
  purpose: z.enum(["query", "document", "classification", "clustering"]).nullish(),
});

/** Null counts as absent. The words of the contract's own fields are judged where the headers' are. */
export const nativeRequestSchema = z.strictObject({
  use_case: name,
  task_type: z.string().nullish(),
  latency_tier: z.string().nullish(),
  safety_level: z.string().nullish(),
  context_window: z.number().nullish(),
  residency: z.array(z.string()).nullish(),
  input: z.string().nullish(),
  messages: z.array(message).min(1).nullish(),
  embedding: embedding.nullish(),
  tools: z.array(tool).nullish(),
  tool_choice: toolChoice.nullish(),
  parallel_tool_calls: z.boolean().nullish(),
  response_format: responseFormat.nullish(),
  sampling: sampling.nullish(),
  reasoning: reasoning.nullish(),
  stream: z.boolean().nullish(),
  strict: z.boolean().nullish(),
  user: z.string().nullish(),
  metadata: z.record(z.string(), z.string()).nullish(),
});

/** Every field that a mistaken one may be meant for, as a path. */
export const FIELD_PATHS: readonly string[] = [
  ...Object.keys(nativeRequestSchema.shape),
  ...Object.keys(sampling.shape).map((field) => `sampling.${field}`),
  ...Object.keys(reasoning.shape).map((field) => `reasoning.${field}`),
  ...Object.keys(embedding.shape).map((field) => `embedding.${field}`),
  "response_format.type",
  "response_format.schema",
];

export type NativeRequest = z.output<typeof nativeRequestSchema>;
export type NativeMessage = z.output<typeof message>;
export type NativePart = z.output<typeof part>;
export type NativeSource = z.output<typeof source>;
