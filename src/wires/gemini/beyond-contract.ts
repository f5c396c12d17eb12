/** What a request of this wire asks that no other wire can be told. Owns the comparison with the contract. */
import { isRecord } from "../../core/json.ts";
import type { ModelRequest } from "../../core/request.ts";
import { unmodelled } from "../fields.ts";
import { strayFields } from "../stray-fields.ts";
import type { JsonObject } from "../wire.ts";
import { checkRequest } from "./parse-request.ts";
import type { GeminiRequest } from "./request-schema.ts";

/** Fields that say nothing a model would have to honour. */
const NEUTRAL: ReadonlySet<string> = new Set(["model", "systemInstruction.role"]);
const DECLARATIONS: ReadonlySet<string> = new Set(["functionDeclarations"]);
const PART: ReadonlySet<string> = new Set([
  "text",
  "thought",
  "thoughtSignature",
  "inlineData",
  "fileData",
  "functionCall",
  "functionResponse",
]);
/** Of what a part holds; `displayName` is its name for people. */
const HELD: ReadonlySet<string> = new Set([
  "id",
  "name",
  "args",
  "response",
  "mimeType",
  "data",
  "fileUri",
  "displayName",
]);
const CALLING = "toolConfig.functionCallingConfig";

/** Names of fields, each with the path at which the caller wrote it. */
export function geminiBeyondContract({ origin: { body } }: ModelRequest): readonly string[] {
  const read = checkRequest(body);
  if (!read.success) return [];
  const beyond = [...strayFields(body, read.data, NEUTRAL)];
  for (const [index, { parts }] of read.data.contents.entries()) {
    for (const [position, part] of parts.entries()) {
      beyond.push(...beyondPart(part, `contents[${index}].parts[${position}].`));
    }
  }
  if (isRecord(body.generationConfig)) beyond.push(...beyondConfig(body.generationConfig));
  for (const tool of read.data.tools ?? []) beyond.push(...namesOf(tool, DECLARATIONS, "tools."));
  const { mode, allowedFunctionNames: allowed } = read.data.toolConfig?.functionCallingConfig ?? {};
  if (mode === "VALIDATED") beyond.push(`${CALLING}.mode`);
  const isOneOfAny = mode === "ANY" && allowed?.length === 1;
  if (allowed && allowed.length > 0 && !isOneOfAny) beyond.push(`${CALLING}.allowedFunctionNames`);
  return beyond;
}

type Part = GeminiRequest["contents"][number]["parts"][number];

/** A part of another kind stays whole, and is told of as such. */
function beyondPart(part: Part, path: string): readonly string[] {
  const { text, inlineData, fileData, functionCall, functionResponse } = part;
  const held = inlineData ?? fileData ?? functionCall ?? functionResponse;
  if (!held) return typeof text === "string" ? namesOf(part, PART, path) : [];
  return [...namesOf(part, PART, path), ...namesOf(held, HELD, path)];
}

function beyondConfig(config: JsonObject): readonly string[] {
  const beyond: string[] = [];
  const { responseModalities: modalities, responseMimeType: type } = config;
  if (Array.isArray(modalities) && modalities.some((modality) => modality !== "TEXT")) {
    beyond.push("generationConfig.responseModalities");
  }
  if (typeof type === "string" && type !== "application/json" && type !== "text/plain" && type !== "") {
    beyond.push("generationConfig.responseMimeType");
  }
  return beyond;
}

function namesOf(record: JsonObject, known: ReadonlySet<string>, prefix: string): string[] {
  const found = unmodelled(record, known, null);
  return found === null ? [] : Object.keys(found).map((name) => prefix + name);
}
