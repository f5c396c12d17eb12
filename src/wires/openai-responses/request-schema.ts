/** The shape of a Responses request, as data. Owns types and ranges; fields it lacks are left alone. */
import { z } from "zod";
import { EFFORTS } from "../../core/request.ts";

/** Characters of an id or name; longer ones are a mistake or an attack. */
const MAX_NAME = 256;
const name = z.string().min(1).max(MAX_NAME);
const jsonObject = z.record(z.string(), z.unknown());
const tokens = z.int().min(1).nullish();

const breakpoint = z.object({ mode: z.literal("explicit") }).nullish();

const contentPart = z.discriminatedUnion("type", [
  z.object({ type: z.literal("input_text"), text: z.string(), prompt_cache_breakpoint: breakpoint }),
  z.object({ type: z.literal("output_text"), text: z.string() }),
  z.object({ type: z.literal("refusal"), refusal: z.string() }),
  z.object({
    type: z.literal("input_image"),
    image_url: z.string().nullish(),
    file_id: name.nullish(),
    detail: z.enum(["auto", "low", "high", "original"]).nullish(),
    prompt_cache_breakpoint: breakpoint,
  }),
  z.object({
    type: z.literal("input_file"),
    file_data: z.string().nullish(),
    file_url: z.string().nullish(),
    file_id: name.nullish(),
    filename: z.string().max(MAX_NAME).nullish(),
    prompt_cache_breakpoint: breakpoint,
  }),
]);
const content = z.union([z.string(), z.array(contentPart)]);

/** A message with or without `type: message`. */
export const messageSchema = z.object({
  role: z.enum(["user", "assistant", "system", "developer"]),
  content,
});

export const callSchema = z.object({ call_id: name, name, arguments: z.string() });

export const callOutputSchema = z.object({ call_id: name, output: content });

const texts = z.array(z.object({ text: z.string() })).nullish();
export const reasoningSchema = z.object({
  summary: texts,
  content: texts,
  encrypted_content: z.string().nullish(),
});

export const functionToolSchema = z.object({
  name,
  description: z.string().nullish(),
  parameters: jsonObject.nullish(),
  strict: z.boolean().nullish(),
});

/** An object of some type; what the types hold is looked at one by one. */
const typed = z.looseObject({ type: z.string().min(1).max(64) });

const toolChoice = z.union([z.enum(["none", "auto", "required"]), typed]);

const textFormat = z.discriminatedUnion("type", [
  z.object({ type: z.literal("text") }),
  z.object({ type: z.literal("json_object") }),
  z.object({
    type: z.literal("json_schema"),
    name: z.string().min(1).max(64),
    schema: jsonObject,
    strict: z.boolean().nullish(),
  }),
]);

/**
 * The part of the body that the contract models. Null counts as absent, as the official clients' types
 * allow. Ranges are those of the published API reference. Items of `input` have schemas of their own.
 */
export const responsesRequestSchema = z.object({
  model: name,
  input: z.union([z.string(), z.array(jsonObject).min(1)]),
  instructions: z.string().nullish(),
  tools: z.array(typed).nullish(),
  tool_choice: toolChoice.nullish(),
  parallel_tool_calls: z.boolean().nullish(),
  text: z.object({ format: textFormat.nullish() }).nullish(),
  reasoning: z.object({ effort: z.enum([...EFFORTS, "max"]).nullish() }).nullish(),
  max_output_tokens: tokens,
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  top_logprobs: z.int().min(0).max(20).nullish(),
  include: z.array(z.string()).nullish(),
  stream: z.boolean().nullish(),
  store: z.boolean().nullish(),
  truncation: z.enum(["auto", "disabled"]).nullish(),
  user: z.string().nullish(),
  safety_identifier: z.string().nullish(),
  metadata: z.record(z.string(), z.string()).nullish(),
});

export type ResponsesRequest = z.output<typeof responsesRequestSchema>;
export type ResponsesContent = z.output<typeof content>;
export type ResponsesPart = z.output<typeof contentPart>;
export type ResponsesFormat = z.output<typeof textFormat>;
