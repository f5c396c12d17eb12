/** The shape of a messages request, as data. Owns types and ranges; fields it lacks are left alone. */
import { z } from "zod";

/** Characters of an id or name; longer ones are a mistake or an attack. */
const MAX_NAME = 256;
const name = z.string().min(1).max(MAX_NAME);
const jsonObject = z.record(z.string(), z.unknown());

const cacheControl = z
  .object({ type: z.literal("ephemeral"), ttl: z.enum(["5m", "1h"]).nullish() })
  .nullish();

const base64Source = z.object({
  type: z.literal("base64"),
  media_type: z.string().min(1).max(MAX_NAME),
  data: z.string().min(1),
});
const urlSource = z.object({ type: z.literal("url"), url: z.string().min(1) });
const fileSource = z.object({ type: z.literal("file"), file_id: name });
const textSource = z.object({
  type: z.literal("text"),
  media_type: z.string().min(1).max(MAX_NAME),
  data: z.string(),
});
const contentSource = z.object({
  type: z.literal("content"),
  content: z.union([z.string(), z.array(z.looseObject({ type: z.string() }))]),
});

const textBlock = z.object({ type: z.literal("text"), text: z.string(), cache_control: cacheControl });
const imageBlock = z.object({
  type: z.literal("image"),
  source: z.discriminatedUnion("type", [base64Source, urlSource, fileSource]),
  cache_control: cacheControl,
});
/** Loose, so that it is kept whole: one made of content blocks has no likeness in the contract. */
const documentBlock = z.looseObject({
  type: z.literal("document"),
  source: z.discriminatedUnion("type", [base64Source, textSource, urlSource, fileSource, contentSource]),
  title: z.string().nullish(),
  cache_control: cacheControl,
});
const toolUseBlock = z.object({
  type: z.literal("tool_use"),
  id: name,
  name,
  input: jsonObject,
  cache_control: cacheControl,
});
const thinkingBlock = z.object({
  type: z.literal("thinking"),
  thinking: z.string(),
  signature: z.string().nullish(),
});
const redactedBlock = z.object({ type: z.literal("redacted_thinking"), data: z.string() });

const KNOWN: ReadonlySet<string> = new Set([
  "text",
  "image",
  "document",
  "tool_use",
  "tool_result",
  "thinking",
  "redacted_thinking",
]);
/** Content that the contract does not model. Known types are no part of it: out of place, they are refused. */
const opaqueBut = (known: ReadonlySet<string>) =>
  z
    .looseObject({ type: z.string().min(1).max(MAX_NAME) })
    .refine((block) => !known.has(block.type), { path: ["type"] })
    .transform((value) => ({ type: "opaque" as const, value }));
const opaqueBlock = opaqueBut(KNOWN);
/** The older version of the API takes documents in the model's turn, which other wires have no place for. */
const opaqueAssistantBlock = opaqueBut(KNOWN.difference(new Set(["document", "image"])));

const resultBlock = z.union([
  z.discriminatedUnion("type", [textBlock, imageBlock, documentBlock]),
  opaqueBlock,
]);
const toolResultBlock = z.object({
  type: z.literal("tool_result"),
  tool_use_id: name,
  content: z.union([z.string(), z.array(resultBlock)]).nullish(),
  is_error: z.boolean().nullish(),
  cache_control: cacheControl,
});
const userBlock = z.union([
  z.discriminatedUnion("type", [textBlock, imageBlock, documentBlock, toolResultBlock]),
  opaqueBlock,
]);
const assistantBlock = z.union([
  z.discriminatedUnion("type", [textBlock, thinkingBlock, redactedBlock, toolUseBlock]),
  opaqueAssistantBlock,
]);
const systemContent = z.union([z.string(), z.array(textBlock)]);

const message = z.discriminatedUnion("role", [
  z.object({ role: z.literal("user"), content: z.union([z.string(), z.array(userBlock).min(1)]) }),
  z.object({ role: z.literal("assistant"), content: z.union([z.string(), z.array(assistantBlock)]) }),
  z.object({ role: z.literal("system"), content: systemContent }),
]);

const customTool = z.object({
  type: z.literal("custom").nullish(),
  name,
  description: z.string().nullish(),
  input_schema: jsonObject,
  strict: z.boolean().nullish(),
  cache_control: cacheControl,
});
/** Tools that the provider runs, or whose shape it defines: they stay in the body. */
const providerTool = z
  .looseObject({ type: z.string().min(1).max(MAX_NAME) })
  .refine((tool) => tool.type !== "custom", { path: ["type"] })
  .transform(() => null);

const parallel = { disable_parallel_tool_use: z.boolean().nullish() };
const toolChoice = z.discriminatedUnion("type", [
  z.object({ type: z.literal("auto"), ...parallel }),
  z.object({ type: z.literal("any"), ...parallel }),
  z.object({ type: z.literal("tool"), name, ...parallel }),
  z.object({ type: z.literal("none") }),
]);

const thinking = z.discriminatedUnion("type", [
  z.object({ type: z.literal("enabled"), budget_tokens: z.int().min(1024) }),
  z.object({ type: z.literal("adaptive") }),
  z.object({ type: z.literal("between_tools") }),
  z.object({ type: z.literal("disabled") }),
]);

const outputFormat = z.object({ type: z.literal("json_schema"), schema: jsonObject });

/**
 * The part of the body that the contract models. Null counts as absent, as the official clients' types
 * allow in most places. Ranges are those of the published API reference.
 */
export const messagesRequestSchema = z.object({
  model: name,
  messages: z.array(message).min(1),
  system: systemContent.nullish(),
  tools: z.array(z.union([customTool, providerTool])).nullish(),
  tool_choice: toolChoice.nullish(),
  /** Required of a chat, but not of a count. 0 fills the prompt cache and asks for no answer. */
  max_tokens: z.int().min(0).nullish(),
  temperature: z.number().min(0).max(1).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  top_k: z.int().min(0).nullish(),
  stop_sequences: z.array(z.string()).nullish(),
  stream: z.boolean().nullish(),
  thinking: thinking.nullish(),
  output_config: z
    .object({
      effort: z.enum(["low", "medium", "high", "xhigh", "max"]).nullish(),
      format: outputFormat.nullish(),
    })
    .nullish(),
  /** As older clients send what is now `output_config.format`. */
  output_format: outputFormat.nullish(),
  metadata: z.looseObject({ user_id: z.string().nullish() }).nullish(),
});

export type MessagesRequest = z.output<typeof messagesRequestSchema>;
export type MessageParam = MessagesRequest["messages"][number];
export type SystemContent = z.output<typeof systemContent>;
export type UserBlock = z.output<typeof userBlock>;
export type AssistantBlock = z.output<typeof assistantBlock>;
export type ResultBlock = z.output<typeof resultBlock>;
export type DocumentBlock = z.output<typeof documentBlock>;
export type CacheControl = z.output<typeof cacheControl>;
