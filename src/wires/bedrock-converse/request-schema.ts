/** The shape of a Converse request, as data. Owns types and ranges; fields it lacks are left alone. */
import { z } from "zod";
import { DOCUMENT_FORMATS, IMAGE_FORMATS } from "./formats.ts";

/** Characters of an id or name; longer ones are a mistake or an attack. */
const MAX_NAME = 256;
const name = z.string().min(1).max(MAX_NAME);
const jsonObject = z.record(z.string(), z.unknown());
const document = z.unknown();

const s3Location = z.object({ uri: z.string().startsWith("s3://") });
const bytes = z.string().min(1);

const image = z.object({
  format: z.enum(IMAGE_FORMATS),
  source: z.object({ bytes: bytes.nullish(), s3Location: s3Location.nullish() }),
});

const documentBlock = z.object({
  format: z.enum(DOCUMENT_FORMATS).nullish(),
  name,
  source: z.object({
    bytes: bytes.nullish(),
    s3Location: s3Location.nullish(),
    text: z.string().nullish(),
    content: z.array(z.object({ text: z.string() })).nullish(),
  }),
});

const cachePoint = z.object({ type: z.literal("default"), ttl: z.enum(["5m", "1h"]).nullish() });
const guardContent = z.object({ text: z.object({ text: z.string() }).nullish(), image: image.nullish() });

const toolResult = z.looseObject({
  toolUseId: name,
  content: z.array(
    z.looseObject({
      text: z.string().nullish(),
      json: document.optional(),
      image: image.nullish(),
      document: documentBlock.nullish(),
    }),
  ),
  status: z.enum(["success", "error"]).nullish(),
  type: z.string().nullish(),
});

/** A union by member: exactly one is meant to be there. Members that are not listed stay as they are. */
const contentBlock = z.looseObject({
  text: z.string().nullish(),
  image: image.nullish(),
  document: documentBlock.nullish(),
  toolUse: z
    .looseObject({ toolUseId: name, name, input: document.optional(), type: z.string().nullish() })
    .nullish(),
  toolResult: toolResult.nullish(),
  reasoningContent: z
    .object({
      reasoningText: z.object({ text: z.string(), signature: z.string().nullish() }).nullish(),
      redactedContent: z.string().min(1).nullish(),
    })
    .nullish(),
  cachePoint: cachePoint.nullish(),
  guardContent: guardContent.nullish(),
  citationsContent: z
    .object({ content: z.array(z.object({ text: z.string().nullish() })).nullish() })
    .nullish(),
});

const message = z.object({
  role: z.enum(["user", "assistant", "system"]),
  content: z.array(contentBlock).min(1),
});

const systemBlock = z.looseObject({
  text: z.string().nullish(),
  cachePoint: cachePoint.nullish(),
  guardContent: guardContent.nullish(),
});

const toolEntry = z.looseObject({
  toolSpec: z
    .object({
      name,
      description: z.string().nullish(),
      inputSchema: z.object({ json: jsonObject }),
      strict: z.boolean().nullish(),
    })
    .nullish(),
  cachePoint: cachePoint.nullish(),
});

const toolConfig = z.object({
  tools: z.array(toolEntry).min(1),
  toolChoice: z
    .looseObject({
      auto: jsonObject.nullish(),
      any: jsonObject.nullish(),
      tool: z.object({ name }).nullish(),
    })
    .nullish(),
});

const outputConfig = z.object({
  textFormat: z
    .object({
      type: z.literal("json_schema"),
      structure: z.object({
        jsonSchema: z.object({ schema: z.string().min(1), name: z.string().min(1).max(64).nullish() }),
      }),
    })
    .nullish(),
  effort: z.string().nullish(),
});

/** What counting tokens and answering have in common. */
const conversation = {
  messages: z.array(message).min(1),
  system: z.array(systemBlock).nullish(),
  toolConfig: toolConfig.nullish(),
  additionalModelRequestFields: jsonObject.nullish(),
};

/**
 * The part of the body that the contract models. Null counts as absent. Ranges are those of the published API
 * reference.
 */
export const converseSchema = z.object({
  ...conversation,
  inferenceConfig: z
    .object({
      maxTokens: z.int().min(1).nullish(),
      temperature: z.number().min(0).max(1).nullish(),
      topP: z.number().min(0).max(1).nullish(),
      stopSequences: z.array(z.string().min(1)).max(2500).nullish(),
    })
    .nullish(),
  outputConfig: outputConfig.nullish(),
  requestMetadata: z.record(z.string(), z.string()).nullish(),
});

/** `input` is a union; of the other member, an InvokeModel body, only the presence is looked at here. */
export const countTokensSchema = z.object({ input: z.object({ converse: z.object(conversation) }) });

export type ConverseRequest = z.output<typeof converseSchema>;
export type ConverseMessage = ConverseRequest["messages"][number];
export type ContentBlock = ConverseMessage["content"][number];
export type SystemBlock = NonNullable<ConverseRequest["system"]>[number];
export type ToolConfig = NonNullable<ConverseRequest["toolConfig"]>;
export type ToolResultBlock = NonNullable<ContentBlock["toolResult"]>;
export type ImageBlock = NonNullable<ContentBlock["image"]>;
export type DocumentBlock = NonNullable<ContentBlock["document"]>;
export type CachePoint = NonNullable<ContentBlock["cachePoint"]>;
export type OutputConfig = NonNullable<ConverseRequest["outputConfig"]>;
