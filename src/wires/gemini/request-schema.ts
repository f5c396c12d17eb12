/** The shape of a generateContent request, as data. Owns types and ranges; fields it lacks are left alone. */
import { z } from "zod";

/** Characters of an id or name; longer ones are a mistake or an attack. */
const MAX_NAME = 256;
const name = z.string().min(1).max(MAX_NAME);
const jsonObject = z.record(z.string(), z.unknown());

/** One of these holds what the part says; parts of other kinds stay as they are. */
const part = z.looseObject({
  text: z.string().nullish(),
  thought: z.boolean().nullish(),
  thoughtSignature: z.string().nullish(),
  inlineData: z.looseObject({ mimeType: name, data: z.string().min(1) }).nullish(),
  fileData: z.looseObject({ mimeType: z.string().nullish(), fileUri: z.string().min(1) }).nullish(),
  functionCall: z.looseObject({ id: z.string().nullish(), name, args: jsonObject.nullish() }).nullish(),
  functionResponse: z
    .looseObject({ id: z.string().nullish(), name, response: jsonObject.nullish() })
    .nullish(),
});

const content = z.object({
  role: z.enum(["user", "model", "function", "tool"]).nullish(),
  parts: z.array(part).min(1),
});

const declaration = z.object({
  name,
  description: z.string().nullish(),
  parameters: jsonObject.nullish(),
  parametersJsonSchema: jsonObject.nullish(),
});

const toolConfig = z.object({
  functionCallingConfig: z
    .object({
      mode: z.enum(["MODE_UNSPECIFIED", "AUTO", "ANY", "NONE", "VALIDATED"]).nullish(),
      allowedFunctionNames: z.array(name).nullish(),
      streamFunctionCallArguments: z.boolean().nullish(),
    })
    .nullish(),
});

const LEVELS = ["MINIMAL", "LOW", "MEDIUM", "HIGH", "THINKING_LEVEL_UNSPECIFIED"] as const;
const thinkingLevel = z.enum([...LEVELS, "minimal", "low", "medium", "high"]);
const penalty = z.number().min(-2).max(2).nullish();

const generationConfig = z.object({
  temperature: z.number().min(0).max(2).nullish(),
  topP: z.number().min(0).max(1).nullish(),
  topK: z.int().min(1).nullish(),
  maxOutputTokens: z.int().min(1).nullish(),
  stopSequences: z.array(z.string()).max(5).nullish(),
  seed: z.int().nullish(),
  candidateCount: z.int().min(1).max(8).nullish(),
  presencePenalty: penalty,
  frequencyPenalty: penalty,
  responseMimeType: z.string().max(MAX_NAME).nullish(),
  responseSchema: jsonObject.nullish(),
  responseJsonSchema: jsonObject.nullish(),
  responseLogprobs: z.boolean().nullish(),
  logprobs: z.int().min(0).max(20).nullish(),
  responseModalities: z.array(z.string()).nullish(),
  thinkingConfig: z
    .object({
      includeThoughts: z.boolean().nullish(),
      thinkingBudget: z.int().min(-1).nullish(),
      thinkingLevel: thinkingLevel.nullish(),
    })
    .nullish(),
});

/**
 * The part of the body that the contract models, after its names were made camelCase. Null counts as absent.
 * Ranges are those of the published API reference.
 */
export const geminiRequestSchema = z.object({
  contents: z.array(content).min(1),
  systemInstruction: z.object({ parts: z.array(part).min(1) }).nullish(),
  tools: z.array(z.looseObject({ functionDeclarations: z.array(declaration).nullish() })).nullish(),
  toolConfig: toolConfig.nullish(),
  generationConfig: generationConfig.nullish(),
  labels: z.record(z.string(), z.string()).nullish(),
});

export type GeminiRequest = z.output<typeof geminiRequestSchema>;
export type GeminiContent = GeminiRequest["contents"][number];
export type GeminiPart = GeminiContent["parts"][number];
export type GeminiConfig = z.output<typeof generationConfig>;
export type GeminiToolConfig = z.output<typeof toolConfig>;
