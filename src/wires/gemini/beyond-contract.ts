/** What a request of this wire asks that no other wire can be told. Owns the comparison with the contract. */
import type { ModelRequest } from "../../core/request.ts";
import { isRecord, unmodelled } from "../fields.ts";
import type { JsonObject } from "../wire.ts";
import { CONFIG_FIELDS, geminiRequestSchema } from "./request-schema.ts";

const OURS: ReadonlySet<string> = new Set([...Object.keys(geminiRequestSchema.shape), "model"]);
const DECLARATIONS: ReadonlySet<string> = new Set(["functionDeclarations"]);
const CALLING = "toolConfig.functionCallingConfig";

/** Names of fields, each with the path at which the caller wrote it. */
export function geminiBeyondContract(request: ModelRequest): readonly string[] {
  const { body } = request.origin;
  const beyond = namesOf(body, OURS, "");
  if (isRecord(body.generationConfig)) beyond.push(...beyondConfig(body.generationConfig));
  if (Array.isArray(body.tools)) {
    for (const tool of body.tools) if (isRecord(tool)) beyond.push(...namesOf(tool, DECLARATIONS, "tools."));
  }
  const calling = isRecord(body.toolConfig) ? body.toolConfig.functionCallingConfig : null;
  if (!isRecord(calling)) return beyond;
  if (calling.mode === "VALIDATED") beyond.push(`${CALLING}.mode`);
  const { allowedFunctionNames: allowed } = calling;
  const isOneOfAny = calling.mode === "ANY" && Array.isArray(allowed) && allowed.length === 1;
  if (Array.isArray(allowed) && allowed.length > 0 && !isOneOfAny) {
    beyond.push(`${CALLING}.allowedFunctionNames`);
  }
  return beyond;
}

function beyondConfig(config: JsonObject): readonly string[] {
  const beyond = namesOf(config, CONFIG_FIELDS, "generationConfig.");
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
