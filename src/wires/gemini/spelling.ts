/**
 * Requests in snake_case, which the API takes as well, and single objects where a list is due. Owns the names;
 * whatever else is in a body stays as it is, the caller's own data above all.
 */
import { isRecord } from "../../core/json.ts";
import type { JsonObject } from "../wire.ts";

/** What is known below a field; `list`: the field is a list, and one object stands for a list of one. */
interface Shape {
  readonly list?: true;
  readonly fields: Readonly<Record<string, Shape>>;
}

const LEAF: Shape = { fields: {} };
const PART: Shape = {
  list: true,
  fields: { inlineData: LEAF, fileData: LEAF, functionCall: LEAF, functionResponse: LEAF },
};
const CONTENT: Shape = { fields: { parts: PART } };
const REQUEST: Readonly<Record<string, Shape>> = {
  contents: { list: true, fields: CONTENT.fields },
  systemInstruction: CONTENT,
  generationConfig: { fields: { thinkingConfig: LEAF } },
  tools: { list: true, fields: { functionDeclarations: { list: true, fields: {} } } },
  toolConfig: { fields: { functionCallingConfig: LEAF } },
};
const BODY: Shape = { fields: { ...REQUEST, generateContentRequest: { fields: REQUEST } } };
const EMBEDDING: Shape = { fields: { requests: { list: true, fields: { content: CONTENT } } } };

const NAMES: ReadonlyMap<string, string> = new Map(
  [
    ...["systemInstruction", "generationConfig", "safetySettings", "toolConfig", "cachedContent"],
    ...["generateContentRequest", "functionDeclarations", "functionCallingConfig", "allowedFunctionNames"],
    ...["streamFunctionCallArguments", "parametersJsonSchema", "topP", "topK", "maxOutputTokens"],
    ...["stopSequences", "candidateCount", "presencePenalty", "frequencyPenalty", "responseMimeType"],
    ...["responseSchema", "responseJsonSchema", "responseLogprobs", "responseModalities", "mediaResolution"],
    ...["speechConfig", "thinkingConfig", "includeThoughts", "thinkingBudget", "thinkingLevel"],
    ...["thoughtSignature", "inlineData", "fileData", "mimeType", "fileUri", "functionCall"],
    ...["functionResponse", "executableCode", "codeExecutionResult", "videoMetadata"],
    ...["taskType", "outputDimensionality", "googleSearch", "codeExecution", "urlContext"],
  ].map((name) => [name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), name]),
);

/** A generateContent or countTokens body with the names that the rest of this wire reads. */
export function spellRequest(body: JsonObject): JsonObject {
  return spellRecord(body, BODY);
}

/** The same for a batchEmbedContents body. */
export function spellEmbedding(body: JsonObject): JsonObject {
  return spellRecord(body, EMBEDDING);
}

function spell(value: unknown, shape: Shape): unknown {
  if (Array.isArray(value)) return shape.list ? spellList(value, shape) : value;
  if (!isRecord(value)) return value;
  const spelled = spellRecord(value, shape);
  return shape.list ? [spelled] : spelled;
}

/** The list itself where nothing in it changes. */
function spellList(list: readonly unknown[], shape: Shape): readonly unknown[] {
  let copy: unknown[] | null = null;
  for (let i = 0; i < list.length; i++) {
    const before = list[i];
    const after = isRecord(before) ? spellRecord(before, shape) : before;
    if (after === before) continue;
    copy ??= [...list];
    copy[i] = after;
  }
  return copy ?? list;
}

/** The record itself where nothing in it changes. */
function spellRecord(record: JsonObject, shape: Shape): JsonObject {
  let copy: Record<string, unknown> | null = null;
  for (const key in record) {
    const name = NAMES.get(key) ?? key;
    const before = record[key];
    const child = Object.hasOwn(shape.fields, name) ? shape.fields[name] : undefined;
    const after = child === undefined ? before : spell(before, child);
    if (name === key && after === before) continue;
    copy ??= { ...record };
    if (name !== key) delete copy[key];
    copy[name] = after;
  }
  return copy ?? record;
}
